// Package graph is dot's engine: it plans and runs a graph of idempotent steps.
// It knows nothing of dbt, git or the .dot directory; what a step does is an
// [Action], where its record is kept is a [Store], and who may work beside
// whom is a [Locker].
//
// # What makes a step up to date
//
// A step's result depends on its inputs, so a step's [Key] is a digest of
// them: of its kind, of each labelled input and of the keys of the steps it
// depends on. A step's [Record] says what became of its last attempt and under
// which key. A step is skipped when its record says that it succeeded under
// the key it has now, nobody has overwritten what it made, what it made is
// still there and young enough, and nothing it depends on runs. Otherwise it
// runs, and the [Decision] says why; a record keeps the digest of each input
// beside its label, so the reason can name the input that changed.
//
// # Why a plan is exact
//
// A plan is made of the same decisions that a run carries out. Some inputs are
// only there once the steps below have run (which packages were installed,
// which run of the baseline is deferred to): a step lists them in
// [Step.Late]. Where nothing below runs, they are what the last run left, so
// they can be read while planning; where something below runs, the step runs
// too, and its key is sealed when it starts.
//
// A step that depends on one which runs, runs too, unless that one is
// [Step.Exact] and makes again what it made before, and only within the same
// invocation: if that is killed between the two, the next one finds the lower
// step up to date and decides about the upper one by its key alone. So what a
// step's result takes from the steps below must show in their keys, in Late or
// in Missing. A step without a record has no key to pass on; what depends on it
// names what matters of it, and of what is below it, among its own inputs.
//
// # Why a kill at any instant does no harm
//
// Before a step's action starts, its record is replaced by "started"; success
// or failure replaces that. Whoever finds "started" while holding the step's
// locks knows that its writer is gone and that the step was interrupted. No
// record ever says "succeeded" before the action has returned.
package graph
