// The source revision that this program was built from, so that a result row can name it.
#pragma once

/// Hexadecimal digits of the commit, with a `+` behind them where sources had been changed; empty = not told.
extern const char *_Nonnull const plimsoll_revision;
