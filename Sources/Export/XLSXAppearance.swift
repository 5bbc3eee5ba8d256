// How roles look: colours, weights, borders, validation rules, the light of a check, charts. An input differs
// from a calculation by fill and border, not by colour alone.

import CXlsxWriter
import Foundation
import Tables

enum Appearance {
  private static let ink: lxw_color_t = 0x1F2A37
  private static let accent: lxw_color_t = 0x14507A
  private static let rule: lxw_color_t = 0xB8C4D0

  static func apply(_ style: CellStyle, to format: UnsafeMutablePointer<lxw_format>) {
    format_set_font_name(format, "Calibri")
    format_set_font_size(format, 10)
    format_set_font_color(format, ink)
    format_set_align(format, UInt8(LXW_ALIGN_VERTICAL_TOP.rawValue))
    switch style {
    case .title:
      format_set_bold(format)
      format_set_font_size(format, 16)
      format_set_font_color(format, accent)
    case .heading:
      format_set_bold(format)
      format_set_font_color(format, 0xFFFFFF)
      format_set_bg_color(format, accent)
      format_set_text_wrap(format)
    case .label: format_set_bold(format)
    case .input:
      format_set_bg_color(format, 0xFFF4CC)
      format_set_font_color(format, 0x0B3D91)
      border(format, LXW_BORDER_THIN)
    case .calculation: break
    case .output:
      format_set_bold(format)
      format_set_bg_color(format, 0xE3EFE6)
      border(format, LXW_BORDER_THIN)
    case .note:
      format_set_italic(format)
      format_set_font_color(format, 0x5B6774)
    case .check:
      format_set_bold(format)
      format_set_align(format, UInt8(LXW_ALIGN_CENTER.rawValue))
      border(format, LXW_BORDER_THIN)
    }
  }

  private static func border(_ format: UnsafeMutablePointer<lxw_format>, _ kind: lxw_format_borders) {
    format_set_border(format, UInt8(kind.rawValue))
    format_set_border_color(format, rule)
  }
}

enum Validation {
  /// Refuses what a rule does not accept, with a message that says the bounds.
  static func add(
    _ rule: CellRule, to page: UnsafeMutablePointer<lxw_worksheet>, row: lxw_row_t, column: lxw_col_t
  ) -> lxw_error {
    if case .choice(let words) = rule { return addList(words, to: page, row: row, column: column) }
    var validation = lxw_data_validation()
    validation.validate = UInt8(LXW_VALIDATION_TYPE_DECIMAL.rawValue)
    validation.criteria = UInt8(LXW_VALIDATION_CRITERIA_BETWEEN.rawValue)
    let message: String
    switch rule {
    case .atLeast(let low):
      validation.criteria = UInt8(LXW_VALIDATION_CRITERIA_GREATER_THAN_OR_EQUAL_TO.rawValue)
      validation.value_number = low
      message = "A number of at least \(spelled(low))."
    case .between(let low, let high):
      validation.minimum_number = low
      validation.maximum_number = high
      message = "A number from \(spelled(low)) to \(spelled(high))."
    case .wholeBetween(let low, let high):
      validation.validate = UInt8(LXW_VALIDATION_TYPE_INTEGER.rawValue)
      validation.minimum_number = Double(low)
      validation.maximum_number = Double(high)
      message = "A whole number from \(low) to \(high)."
    case .choice: return LXW_NO_ERROR
    }
    return "Not a value for this input".withCString { title in
      message.withCString { text in
        validation.error_title = UnsafeMutablePointer(mutating: title)
        validation.error_message = UnsafeMutablePointer(mutating: text)
        return worksheet_data_validation_cell(page, row, column, &validation)
      }
    }
  }

  private static func addList(
    _ words: [String], to page: UnsafeMutablePointer<lxw_worksheet>, row: lxw_row_t, column: lxw_col_t
  ) -> lxw_error {
    var validation = lxw_data_validation()
    validation.validate = UInt8(LXW_VALIDATION_TYPE_LIST.rawValue)
    var list: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
    defer { for word in list { free(word) } }
    return list.withUnsafeMutableBufferPointer { list in
      validation.value_list = list.baseAddress
      return worksheet_data_validation_cell(page, row, column, &validation)
    }
  }

  /// Green where the cell is 1, red where it is 0.
  static func addLight(
    to page: UnsafeMutablePointer<lxw_worksheet>, row: lxw_row_t, column: lxw_col_t,
    _ book: UnsafeMutablePointer<lxw_workbook>
  ) -> lxw_error {
    for (value, color) in [(1.0, 0xBFE3C8), (0.0, 0xF4B6B6)] as [(Double, lxw_color_t)] {
      guard let format = workbook_add_format(book) else { return LXW_ERROR_MEMORY_MALLOC_FAILED }
      format_set_bg_color(format, color)
      var light = lxw_conditional_format()
      light.type = UInt8(LXW_CONDITIONAL_TYPE_CELL.rawValue)
      light.criteria = UInt8(LXW_CONDITIONAL_CRITERIA_EQUAL_TO.rawValue)
      light.value = value
      light.format = format
      let result = worksheet_conditional_format_cell(page, row, column, &light)
      guard result == LXW_NO_ERROR else { return result }
    }
    return LXW_NO_ERROR
  }

  private static func spelled(_ value: Double) -> String { decimalText(value) }
}

enum ChartDrawing {
  private static let palette: [lxw_color_t] = [0x14507A, 0xE08A1E, 0x4C9F70, 0x9B4F96, 0x6B7785, 0xC44E52]

  static func make(
    _ chart: Chart, in book: UnsafeMutablePointer<lxw_workbook>
  ) -> UnsafeMutablePointer<lxw_chart>? {
    guard let drawn = workbook_add_chart(book, UInt8(kind(chart.kind).rawValue)) else { return nil }
    for (index, series) in chart.series.enumerated() {
      guard let line = chart_add_series(drawn, nil, nil) else { return nil }
      let (labels, values) = (series.categories, series.values)
      chart_series_set_categories(
        line, labels.first.sheet, lxw_row_t(labels.first.row), lxw_col_t(labels.first.column),
        lxw_row_t(labels.last.row), lxw_col_t(labels.last.column))
      chart_series_set_values(
        line, values.first.sheet, lxw_row_t(values.first.row), lxw_col_t(values.first.column),
        lxw_row_t(values.last.row), lxw_col_t(values.last.column))
      chart_series_set_name(line, series.name)
      paint(line, chart.kind, palette[index % palette.count])
    }
    chart_title_set_name(drawn, chart.title)
    var font = lxw_chart_font()
    font.size = 12
    font.bold = 1
    chart_title_set_name_font(drawn, &font)
    chart_axis_set_name(drawn.pointee.x_axis, chart.categoryAxis)
    chart_axis_set_name(drawn.pointee.y_axis, chart.valueAxis)
    chart_axis_set_num_format(drawn.pointee.y_axis, chart.valueFormat)
    let legend = chart.series.count > 1 ? LXW_CHART_LEGEND_BOTTOM : LXW_CHART_LEGEND_NONE
    chart_legend_set_position(drawn, UInt8(legend.rawValue))
    return drawn
  }

  private static func paint(
    _ series: UnsafeMutablePointer<lxw_chart_series>, _ kind: Chart.Kind, _ color: lxw_color_t
  ) {
    if kind == .line {
      var line = lxw_chart_line()
      line.color = color
      line.width = 2
      chart_series_set_line(series, &line)
    } else {
      var fill = lxw_chart_fill()
      fill.color = color
      chart_series_set_fill(series, &fill)
    }
  }

  private static func kind(_ kind: Chart.Kind) -> lxw_chart_type {
    switch kind {
    case .column: LXW_CHART_COLUMN
    case .columnStacked: LXW_CHART_COLUMN_STACKED
    case .bar: LXW_CHART_BAR
    case .line: LXW_CHART_LINE
    case .areaStacked: LXW_CHART_AREA_STACKED
    }
  }
}
