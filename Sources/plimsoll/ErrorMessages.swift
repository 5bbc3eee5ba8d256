// Facts to sentences: every error that reaches the street becomes one message and one exit status.

import Foundation
import Machines
import Quantities
import Tables

/// The message and status for any error that a command throws.
func explain(_ error: any Error) -> CommandFailure {
  switch error {
  case let failure as CommandFailure: failure
  case let error as InputError: CommandFailure(.badData, error.description)
  case let errors as InputErrors: CommandFailure(.badData, errors.description)
  case let gap as Gap:
    CommandFailure(
      .badData,
      "\(gap.subject): \(gap.missing)" + (gap.remedy.isEmpty ? "" : "; \(gap.remedy)"))
  case let error as PlacementSelectionError: CommandFailure(.usage, error.reason)
  case let error as FileError: CommandFailure(.inputOutput, error.description)
  case let error as CocoaError:
    CommandFailure(
      .inputOutput,
      "\(error.filePath ?? "a file") cannot be read or written: \(error.localizedDescription)")
  default: CommandFailure(.internalError, "internal error: \(error)")
  }
}
