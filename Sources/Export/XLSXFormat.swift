// Writes a workbook value as an XLSX file through libxlsxwriter. Every formula goes in with its value,
// words only by the string call (a label that starts with = stays a label), and the creation date is fixed,
// so that equal workbooks are equal bytes.

import CXlsxWriter
import Foundation
import Tables

/// The XLSX file format.
public enum XLSXFormat {
  /// Writes the workbook under its final name, whole or not at all.
  ///
  /// - Parameter values: computed values of the formulas; those of another workbook of the same shape may be
  ///   given where a test needs values that are out of date.
  /// - Throws: `FileError` where the file cannot be written; `WorkbookFault` where a formula has no value.
  /// - Complexity: O(cells).
  public static func write(_ workbook: Workbook, values: WorkbookValues? = nil, to path: String) throws {
    let values = values ?? WorkbookValues(workbook)
    try WholeFile.replace(path) { temporary in
      // The library prints on standard error when it cannot open a file; ask first.
      let probe = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0o644)
      guard probe >= 0 else { throw FileError(path: path, errno: errno) }
      close(probe)
      let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
      var writer = try XLSXWriter(temporary: temporary, scratch: folder, path: path, values: values)
      try writer.add(workbook)
      try writer.finish()
    }
  }
}

/// A formula that gives no number: a fault of the document's author, never written to a file.
public struct WorkbookFault: Error, Hashable, Sendable, CustomStringConvertible {
  /// Where.
  public let cell: CellAddress
  /// Why.
  public let reason: String
  /// `Sheet!$A$1 has no value: reason`.
  public var description: String { "\(cell.absolute) has no value: \(reason)" }
}

/// The library's workbook with its one owner: freed unwritten unless it is closed.
private struct BookHandle: ~Copyable {
  let book: UnsafeMutablePointer<lxw_workbook>

  init?(path: String, scratch: String) {
    let opened = scratch.withCString { folder -> UnsafeMutablePointer<lxw_workbook>? in
      var options = lxw_workbook_options()
      options.tmpdir = UnsafeMutablePointer(mutating: folder)
      return workbook_new_opt(path, &options)
    }
    guard let opened else { return nil }
    book = opened
  }

  /// Writes the file and frees the workbook.
  consuming func close() -> lxw_error {
    let result = workbook_close(book)
    discard self
    return result
  }

  deinit { lxw_workbook_free(book) }
}

private struct XLSXWriter: ~Copyable {
  private var handle: BookHandle
  private let path: String
  private var values: WorkbookValues
  private var formats: [FormatKey: UnsafeMutablePointer<lxw_format>] = [:]

  /// Headings stand over their numbers; words keep a distance from a number at their left.
  fileprivate enum Alignment { case plain, right, indented }

  private struct FormatKey: Hashable {
    let style: CellStyle
    let format: NumberFormat
    let alignment: Alignment
  }

  init(temporary: String, scratch: String, path: String, values: WorkbookValues) throws {
    guard let handle = BookHandle(path: temporary, scratch: scratch) else {
      throw FileError(path: path, reason: "not enough memory for a workbook")
    }
    self.handle = handle
    self.path = path
    self.values = values
  }

  mutating func add(_ workbook: Workbook) throws {
    try setProperties(title: workbook.title)
    var pages: [String: UnsafeMutablePointer<lxw_worksheet>] = [:]
    for sheet in workbook.sheets {
      guard let page = workbook_add_worksheet(handle.book, sheet.name) else {
        throw FileError(path: path, reason: "a sheet cannot be named \(sheet.name)")
      }
      pages[sheet.name] = page
    }
    for (name, address) in workbook.names.sorted(by: { $0.key < $1.key }) {
      try check(workbook_define_name(handle.book, name, "=" + address.absolute))
    }
    for sheet in workbook.sheets {
      guard let page = pages[sheet.name] else { continue }
      try fill(page, from: sheet)
      arrange(page, like: sheet)
      for chart in sheet.charts { try insert(chart, into: page) }
    }
  }

  consuming func finish() throws {
    let path = path
    let result = handle.close()
    guard result == LXW_NO_ERROR else {
      throw FileError(path: path, reason: String(cString: lxw_strerror(result)))
    }
  }

  private func setProperties(title: String) throws {
    let result = title.withCString { title in
      "Plimsoll".withCString { author in
        var properties = lxw_doc_properties()
        properties.title = UnsafeMutablePointer(mutating: title)
        properties.author = UnsafeMutablePointer(mutating: author)
        properties.created = 1_767_225_600  // 2026-01-01, the same in every file: equal plans are equal bytes
        return workbook_set_properties(handle.book, &properties)
      }
    }
    try check(result)
  }

  private func check(_ result: lxw_error) throws {
    guard result == LXW_NO_ERROR else {
      throw FileError(path: path, reason: String(cString: lxw_strerror(result)))
    }
  }

  private mutating func fill(_ page: UnsafeMutablePointer<lxw_worksheet>, from sheet: Sheet) throws {
    for (position, cell) in sheet.cells.sorted(by: { $0.key < $1.key }) {
      let row = lxw_row_t(position.row)
      let column = lxw_col_t(position.column)
      let format = format(cell.style, cell.format, sheet.alignment(position))
      switch cell.content {
      case .text(let text):
        try check(worksheet_write_string(page, row, column, XLSXWriter.clean(text), format))
      case .number(let number):
        guard number.isFinite else {
          throw WorkbookFault(
            cell: CellAddress(sheet.name, row: position.row, column: position.column),
            reason: "not a finite number")
        }
        try check(worksheet_write_number(page, row, column, number, format))
      case .formula(let formula):
        let place = CellAddress(sheet.name, row: position.row, column: position.column)
        let text = formula.text(at: place)
        switch values.value(at: place) {
        case .number(let value):
          try check(worksheet_write_formula_num(page, row, column, text, format, value))
        case .flag(let flag):
          try check(worksheet_write_formula_num(page, row, column, text, format, flag ? 1 : 0))
        case .text(let value):
          try check(worksheet_write_formula_str(page, row, column, text, format, value))
        case .blank:
          try check(worksheet_write_formula_num(page, row, column, text, format, 0))
        case .fault(let reason): throw WorkbookFault(cell: place, reason: reason)
        }
      }
      if let rule = cell.rule { try check(Validation.add(rule, to: page, row: row, column: column)) }
      if cell.style == .check {
        try check(Validation.addLight(to: page, row: row, column: column, handle.book))
      }
    }
  }

  private func arrange(_ page: UnsafeMutablePointer<lxw_worksheet>, like sheet: Sheet) {
    for (column, width) in sheet.widths.sorted(by: { $0.key < $1.key }) {
      worksheet_set_column(page, lxw_col_t(column), lxw_col_t(column), width, nil)
    }
    if sheet.frozen != (0, 0) {
      worksheet_freeze_panes(page, lxw_row_t(sheet.frozen.rows), lxw_col_t(sheet.frozen.columns))
    }
    for (row, height) in sheet.heights { worksheet_set_row(page, lxw_row_t(row), height, nil) }
    worksheet_set_landscape(page)
    worksheet_set_paper(page, 9)  // A4
    worksheet_fit_to_pages(page, UInt16(sheet.pagesWide), 0)
    if sheet.frozen.rows > 0 { worksheet_repeat_rows(page, 0, lxw_row_t(sheet.frozen.rows - 1)) }
    if sheet.pagesWide > 1, sheet.frozen.columns > 0 {
      worksheet_repeat_columns(page, 0, lxw_col_t(sheet.frozen.columns - 1))
    }
    worksheet_set_margins(page, 0.4, 0.4, 0.5, 0.5)
    worksheet_set_footer(page, "&L&A&RPage &P of &N")
    worksheet_gridlines(page, UInt8(LXW_HIDE_ALL_GRIDLINES.rawValue))
  }

  // Control characters are not allowed in the file's XML; a cell holds at most 32,767 characters.
  private static func clean(_ text: String) -> String {
    let allowed = text.unicodeScalars.filter { $0.value >= 0x20 || $0 == "\n" || $0 == "\t" }
    var out = String.UnicodeScalarView()
    out.append(contentsOf: allowed.prefix(32_000))
    return String(out)
  }

  private mutating func format(
    _ style: CellStyle, _ number: NumberFormat, _ alignment: Alignment
  ) -> UnsafeMutablePointer<lxw_format>? {
    let key = FormatKey(style: style, format: number, alignment: alignment)
    if let made = formats[key] { return made }
    guard let format = workbook_add_format(handle.book) else { return nil }
    Appearance.apply(style, to: format)
    switch alignment {
    case .plain: break
    case .right: format_set_align(format, UInt8(LXW_ALIGN_RIGHT.rawValue))
    case .indented: format_set_indent(format, 1)
    }
    if number != .general { format_set_num_format(format, number.code) }
    formats[key] = format
    return format
  }

  private func insert(_ chart: Chart, into page: UnsafeMutablePointer<lxw_worksheet>) throws {
    guard let drawn = ChartDrawing.make(chart, in: handle.book) else {
      throw FileError(path: path, reason: "not enough memory for a chart")
    }
    var options = lxw_chart_options()
    // The library's own chart is 480 x 288 pixels.
    options.x_scale = Double(chart.size.width) / 480
    options.y_scale = Double(chart.size.height) / 288
    options.object_position = UInt8(LXW_OBJECT_MOVE_DONT_SIZE.rawValue)
    try check(
      worksheet_insert_chart_opt(
        page, lxw_row_t(chart.anchor.row), lxw_col_t(chart.anchor.column), drawn, &options))
  }
}

extension Sheet {
  /// How a cell's content stands in its column.
  fileprivate func alignment(_ position: CellPosition) -> XLSXWriter.Alignment {
    guard let cell = cells[position], case .text = cell.content else { return .plain }
    guard cell.style == .heading else {
      let isPlainText = cell.style == .calculation || cell.style == .note
      return isPlainText && position.column > 0 ? .indented : .plain
    }
    // The first filled cell below decides: over numbers a heading stands at the right.
    for row in (position.row + 1)...(position.row + 12) {
      guard let below = cells[CellPosition(row: row, column: position.column)] else { continue }
      if below.style == .heading { break }
      if case .text = below.content { return position.column > 0 ? .indented : .plain }
      return .right
    }
    return .plain
  }

  /// Heights in points of the rows that need more than one line: titles, and headings longer than their column.
  fileprivate var heights: [(row: Int, height: Double)] {
    var lines: [Int: Double] = [:]
    for (position, cell) in cells {
      guard case .text(let text) = cell.content else { continue }
      if cell.style == .title { lines[position.row] = max(lines[position.row] ?? 0, 1.8) }
      guard cell.style == .heading else { continue }
      let width = widths[position.column] ?? 8.43
      // Bold words are about a tenth wider than the digits in which widths are counted.
      let needed = (Double(text.count) * 1.12 / width).rounded(.up)
      if needed > 1 { lines[position.row] = max(lines[position.row] ?? 0, min(needed, 5)) }
    }
    return lines.sorted { $0.key < $1.key }.map { ($0.key, 13.5 * $0.value) }
  }
}
