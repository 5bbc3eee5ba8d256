// Tables as Markdown and as HTML, for pages that people read. Cells come from files, so every character that
// means something there is escaped.

extension ReportTable {
  /// A Markdown table with its title and notes.
  func markdown() -> String {
    func line(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |" }
    func escaped(_ text: String) -> String {
      var out = ""
      for character in printable(text) {
        switch character {
        case "|", "\\", "`", "*", "_", "<", ">", "[", "]": out += "\\" + String(character)
        default: out.append(character)
        }
      }
      return out
    }
    var lines = title.isEmpty ? [] : ["**\(escaped(title))**", ""]
    lines.append(line(columns.map { escaped($0.heading) }))
    lines.append(line(columns.indices.map { isTextColumn($0) ? "---" : "---:" }))
    lines += rows.map { line($0.map { escaped(ReportTable.shown($0)) }) }
    for note in notes { lines += ["", escaped(note)] }
    return lines.joined(separator: "\n") + "\n"
  }

  /// An HTML `<table>` with its title as caption and its notes as paragraphs: a fragment of a page.
  func html() -> String {
    var lines = ["<table>"]
    if !title.isEmpty { lines.append("<caption>\(htmlText(title))</caption>") }
    lines.append(
      "<thead><tr>" + columns.map { "<th scope=\"col\">\(htmlText($0.heading))</th>" }.joined()
        + "</tr></thead>")
    let marks = columns.indices.map { isTextColumn($0) ? "<td>" : "<td class=\"number\">" }
    lines.append("<tbody>")
    for row in rows {
      lines.append(
        "<tr>" + zip(marks, row).map { "\($0)\(htmlText(ReportTable.shown($1)))</td>" }.joined() + "</tr>")
    }
    lines += ["</tbody>", "</table>"]
    lines += notes.map { "<p>\(htmlText($0))</p>" }
    return lines.joined(separator: "\n") + "\n"
  }

  /// A whole page that holds these tables and needs nothing from elsewhere.
  public static func page(_ tables: [ReportTable], title: String) -> String {
    let style = """
      :root { color-scheme: light dark }
      body { font: 15px/1.4 system-ui, sans-serif; margin: 1rem; overflow-x: auto }
      table { border-collapse: collapse; margin: 1rem 0 }
      caption { text-align: left; font-weight: 600; padding-bottom: .3rem }
      th, td { padding: .2rem .7rem; border-bottom: 1px solid #8886; text-align: left }
      .number { text-align: right; font-variant-numeric: tabular-nums }
      """
    return """
      <!doctype html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <title>\(htmlText(title))</title>
      <style>
      \(style)
      </style>
      </head>
      <body>
      \(tables.map { $0.html() }.joined())</body>
      </html>

      """
  }
}

/// Text with the characters escaped that HTML gives a meaning, inside elements and quoted attributes.
public func htmlText(_ text: String) -> String {
  var out = ""
  for scalar in printable(text).unicodeScalars {
    switch scalar {
    case "&": out += "&amp;"
    case "<": out += "&lt;"
    case ">": out += "&gt;"
    case "\"": out += "&quot;"
    case "'": out += "&#39;"
    default: out.unicodeScalars.append(scalar)
    }
  }
  return out
}
