// The head that every page of the program has: no page may fetch anything, and each reads well on a phone.

extension Markup {
  /// The head element of a page.
  ///
  /// - Parameter sheet: what a page adds to the common style sheet.
  static func head(_ title: String, adding sheet: StaticString? = nil) -> Markup {
    .tag(
      "head", [:], .tag("meta", ["charset": "utf-8"], []),
      .tag(
        "meta",
        [
          "http-equiv": "Content-Security-Policy",
          "content": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'",
        ], []), .tag("meta", ["name": "viewport", "content": "width=device-width, initial-scale=1"], []),
      .tag("meta", ["name": "color-scheme", "content": "light dark"], []), .tag("title", [:], title),
      .style(PageStyle.sheet), sheet.map { .style($0) } ?? Markup())
  }
}
