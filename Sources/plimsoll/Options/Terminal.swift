// What the terminal can show.

import Foundation

enum Terminal {
  /// What the locale says of the encoding; the first variable that is set decides (POSIX, 8.2).
  static var isUTF8: Bool {
    let environment = ProcessInfo.processInfo.environment
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].compactMap { environment[$0] }.first { !$0.isEmpty } ?? ""
    let name = locale.lowercased()
    return name.contains("utf-8") || name.contains("utf8")
  }
}
