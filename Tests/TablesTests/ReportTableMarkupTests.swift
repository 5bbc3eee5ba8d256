// Printed tables in every encoding: what people read is rounded and escaped, what programs read is whole.

import Tables
import Testing

@Suite struct ReportTableMarkupTests {
  private var table: ReportTable {
    var table = ReportTable("T <1>", [.init("name", "Name"), .init("value_seconds", "s"), .init("count")])
    table.append([.text("a|b <i>"), .number(1.23456, decimals: 2), .integer(3)])
    table.append([.text("*\"q\"*"), .empty, .empty])
    table.notes = ["note & more"]
    return table
  }

  @Test("JSON lines are the objects of JSON, one a line")
  func lines() {
    #expect(
      table.render(.jsonl) == """
        {"name": "a|b <i>", "value_seconds": 1.23456, "count": 3}
        {"name": "*\\"q\\"*", "value_seconds": null, "count": null}

        """)
    #expect(ReportTable("", [.init("a")]).render(.jsonl).isEmpty)
  }

  @Test("Markdown sets numbers right and escapes what would be markup")
  func markdown() {
    #expect(
      table.render(.md) == #"""
        **T \<1\>**

        | Name | s | count |
        | --- | ---: | ---: |
        | a\|b \<i\> | 1.23 | 3 |
        | \*"q"\* | - | - |

        note & more

        """#)
  }

  @Test("HTML escapes every character with a meaning, and a page needs nothing from elsewhere")
  func html() {
    let fragment = table.render(.html)
    #expect(fragment.contains("<caption>T &lt;1&gt;</caption>"))
    #expect(fragment.contains("<td>a|b &lt;i&gt;</td><td class=\"number\">1.23</td>"))
    #expect(fragment.contains("<td>*&quot;q&quot;*</td>"))
    #expect(fragment.contains("<p>note &amp; more</p>"))
    #expect(htmlText("<a href='x'>&\"") == "&lt;a href=&#39;x&#39;&gt;&amp;&quot;")
    let page = ReportTable.page([table], title: "x</title>")
    #expect(page.contains("<title>x&lt;/title&gt;</title>"))
    #expect(
      !page.contains("http:") && !page.contains("https:") && page.contains("default-src 'none'")
        && !page.contains("<script"))
  }
}
