// Package graph is dot's engine: it plans and runs a graph of idempotent steps. It knows nothing of
// dbt, git or the .dot directory. A step's work is an [Action], a [Store] keeps its record, and a
// [Locker] keeps other processes out.
//
// # What makes a step up to date
//
// A step's result depends on its inputs, so a step's [Key] is a digest of them: of its kind, of
// each labelled input and of the keys of the steps it depends on. A step's [Record] has the outcome
// of its last attempt, and the key of that attempt. A step is skipped if all of this holds:
//
//   - its record says that it succeeded under its present key
//   - nobody has overwritten its outputs, and none is missing
//   - the success is young enough
//   - nothing it depends on runs
//
// Otherwise it runs, and the [Decision] says why. A record keeps the digest of each input with its
// label, so the reason can name the input that changed.
//
// # Why a plan is exact
//
// A plan consists of the same decisions that a run makes. Some inputs exist only after the steps
// below have run, such as the packages that were installed, or the baseline's last run. A step
// lists these in [Step.Late]. If nothing below runs, the last run left them, and planning can read
// them. If something below runs, the step runs, too, and its key is sealed when it starts.
//
// A step that depends on one that runs, runs too. The exception is a lower step that is
// [Step.Exact] and only repeats its last success. This rule works only within an invocation. If dot
// is killed between the two steps, the next invocation finds the lower step up to date. Then the
// key alone decides about the upper one. So everything that a step takes from the steps below
// must be in their keys, in Late or in Missing. A step without a record has no key to pass on.
// Steps that depend on it list the relevant facts about it, and about the steps below it, among
// their own inputs.
//
// # Why a kill at any instant does no harm
//
// Before a step's action starts, "started" replaces its record; success or failure replaces that. A
// process that finds "started" while it holds the step's locks knows that the writer has ended, and
// that the step was interrupted. No record ever says "succeeded" before the action has returned.
package graph
