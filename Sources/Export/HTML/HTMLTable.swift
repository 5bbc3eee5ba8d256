// Tables of the page: a caption, scoped headings, numbers to the right with their exact value beside the text.

import Tables

/// One cell of a page's table.
enum HTMLCell {
  /// Words.
  case text(String)
  /// A number as a person reads it, and as the file holds it.
  case number(Double, decimals: Int)
  /// A number in the words that its unit needs.
  case quantity(Double, String)
  /// Words that should catch the eye.
  case bad(String)
  /// Unknown or not applicable.
  case empty

  /// A number, or empty for nil.
  static func optional(_ value: Double?, decimals: Int) -> HTMLCell {
    value.map { .number($0, decimals: decimals) } ?? .empty
  }

  /// A number with three significant digits, or empty for nil.
  static func rate(_ value: Double?) -> HTMLCell {
    value.map { .number($0, decimals: significantDecimals($0)) } ?? .empty
  }

  /// Text, or empty for the empty text.
  static func words(_ text: String) -> HTMLCell { text.isEmpty ? .empty : .text(text) }
}

/// A table of the page.
struct HTMLTable {
  /// A heading; `isExtra` columns are left out on a narrow screen.
  struct Column {
    let heading: String
    var isNumber = false
    var isExtra = false
    /// True for short words that are not to be broken: dates, keys.
    var isWhole = false
  }

  let caption: String
  let columns: [Column]
  /// True for a table whose rows take two lines on a narrow screen: the first cell, then the others.
  let isStacked: Bool
  private var entries: [Entry] = []

  private enum Entry {
    case row([HTMLCell])
    case heading(String)
  }

  init(_ caption: String, _ columns: [Column], isStacked: Bool = false) {
    self.caption = caption
    self.columns = columns
    self.isStacked = isStacked
  }

  /// Adds a heading over the rows that follow.
  mutating func head(_ title: String) { entries.append(.heading(title)) }

  /// Adds a row of as many cells as columns.
  mutating func append(_ cells: [HTMLCell]) {
    precondition(cells.count == columns.count, "\(caption): \(cells.count) cells, \(columns.count) columns")
    entries.append(.row(cells))
  }

  /// The table; its first column heads the rows.
  var markup: Markup {
    let head = columns.map { column in
      Markup.tag("th", ["scope": "col", "class": style(column)], column.heading)
    }
    let body = entries.map { entry in
      switch entry {
      case .row(let cells):
        Markup.tag("tr", [:], zip(columns, cells).enumerated().map { self.cell($0.offset, $0.element) })
      case .heading(let title):
        Markup.tag(
          "tr", ["class": "group"],
          .tag("th", ["scope": "colgroup", "colspan": String(columns.count)], .breakable(title)))
      }
    }
    let table = Markup.tag(
      "table", ["class": isStacked ? "stack" : "plain"], .tag("caption", [:], caption),
      .tag("thead", [:], .tag("tr", [:], head)), .tag("tbody", [:], body))
    return .tag("div", ["class": "scroll"], table)
  }

  private func style(_ column: Column, bad: Bool = false) -> String {
    [column.isNumber ? "n" : "", column.isExtra ? "extra" : "", column.isWhole ? "w" : "", bad ? "bad" : ""]
      .filter { !$0.isEmpty }
      .joined(separator: " ")
  }

  private func cell(_ index: Int, _ entry: (Column, HTMLCell)) -> Markup {
    let (column, cell) = entry
    var isBad = false
    let content: Markup
    switch cell {
    case .text(let text): content = .breakable(text)
    case .bad(let text):
      content = .breakable(text)
      isBad = true
    case .number(let value, let decimals):
      content = .tag("data", ["value": decimalText(value)], grouped(value, decimals: decimals))
    case .quantity(let value, let words):
      content = .tag("data", ["value": decimalText(value)], words)
    case .empty: content = Markup("–")
    }
    let name = style(column, bad: isBad)
    return index == 0
      ? .tag("th", ["scope": "row", "class": name], content) : .tag("td", ["class": name], content)
  }
}
