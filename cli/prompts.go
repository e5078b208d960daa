package cli

import (
	"context"
	"fmt"
	"path/filepath"

	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/ignore"
	"dot-for-dbt/internal/ui"
	"dot-for-dbt/steps"
)

// A prompt is a question about a change to the user's files.
type prompt struct {
	name     string // in .dot/config.yml
	question string
	warning  string // if dot can't ask
	// missing reports whether the change has not been made yet.
	missing func(context.Context) (bool, error)
	accept  func() error
	refuse  func() error // nil: dot continues without the change
}

// prompts asks the questions before a build. Where nobody can answer, it warns, once in
// each workspace; with --disable-prompts it says nothing. It writes nothing before the
// last answer, so that Ctrl-C leaves everything unchanged.
func (a *app) prompts(ctx context.Context, p *steps.Program, f flags) error {
	if p.Repo == nil || !p.Isolated() || f.DisablePrompts {
		return nil
	}
	mayAsk := a.mayAsk(f)
	person := ui.NewPrompter(a.Stdin, a.say)
	var decided []func() error
	warned := false
	for _, q := range []prompt{a.gitignorePrompt(p), a.vsCodePrompt(p)} {
		off, err := p.Workspace.PromptDisabled(q.name)
		if off {
			continue
		}
		if err != nil && !warned { // the file never stops a build
			warned = true
			a.say.Warning(err.Error()+"; dot goes on without it", hint.Of(err)...)
		}
		missing, err := q.missing(ctx)
		if err != nil {
			return err
		}
		if !missing {
			continue
		}
		if !mayAsk {
			once := "warned: " + q.name
			if _, before := p.Workspace.Memo().Lookup(once); !before {
				a.say.Warning(q.warning)
				decided = append(decided, func() error { return remember(p, once) })
			}
			continue
		}
		asked := a.Now()
		answer, err := person.Ask(ctx, q.question)
		a.waited(asked)
		if err != nil {
			return err
		}
		switch {
		case answer == ui.AnswerYes:
			decided = append(decided, q.accept)
		case answer == ui.AnswerNever:
			decided = append(decided, func() error {
				if err := p.Workspace.DisablePrompt(q.name); err != nil {
					a.say.Warning("the answer is not kept: "+err.Error(), hint.Of(err)...)
				}
				return nil
			})
		case q.refuse != nil:
			return q.refuse()
		}
	}
	for _, do := range decided {
		if err := do(); err != nil {
			return err
		}
	}
	return nil
}

// remember records that the user was warned.
func remember(p *steps.Program, what string) error {
	if err := p.Workspace.Create(); err != nil {
		return nil // the run says so
	}
	return p.Workspace.Memo().Save(what, "once")
}

// gitignorePrompt is about the repository's ignore rules. The .gitignore inside of
// .dot/ is enough for git, but other programs read only the repository's rules.
func (a *app) gitignorePrompt(p *steps.Program) prompt {
	file := a.near(filepath.Join(p.Repo.Root, ".gitignore"))
	lacks := "the repository's ignore rules lack .dot/, where builds are kept"
	return prompt{
		name:     "gitignore",
		question: lacks + "; add it to " + file + "?",
		warning:  lacks + ": add that line to " + file,
		missing: func(ctx context.Context) (bool, error) {
			ignored, err := p.Repo.Ignores(ctx, ".dot")
			return !ignored, err
		},
		accept: func() error {
			if err := ignore.AddToGitignore(p.Repo.Root); err != nil {
				return hint.Add(fmt.Errorf("add .dot/ to .gitignore: %w", err), goOn(file)...)
			}
			a.say.Note("added .dot/ to " + file)
			return nil
		},
		refuse: func() error { return hint.Add(fmt.Errorf("%s", lacks), goOn(file)...) },
	}
}

// goOn returns the hints for continuing without dot's change.
func goOn(file string) []string {
	return []string{
		"add the line .dot/ to " + file + " yourself, or to .git/info/exclude",
		"or continue without it: answer never, or give --disable-prompts",
	}
}

// vsCodePrompt is about the repository's settings for VS Code, if the user seems to
// use VS Code.
func (a *app) vsCodePrompt(p *steps.Program) prompt {
	file := a.near(filepath.Join(p.Repo.Root, ".vscode", "settings.json"))
	return prompt{
		name:     "vscode",
		question: "VS Code searches and watches every build in .dot/; exclude them in " + file + "?",
		warning:  "VS Code searches and watches every build in .dot/: " + file + " does not exclude them",
		missing: func(context.Context) (bool, error) {
			if a.getenv("TERM_PROGRAM") != "vscode" { // .vscode alone may be a colleague's
				return false, nil
			}
			return ignore.VSCodeLacks(p.Repo.Root), nil
		},
		accept: func() error {
			if err := ignore.AddToVSCode(p.Repo.Root); err != nil {
				a.say.Warning("exclude .dot/ in VS Code: "+err.Error(), "the file was not changed; add this to it:")
				a.say.Line(ignore.VSCodeSnippet())
				return nil
			}
			a.say.Note("excluded .dot/ in " + file)
			return nil
		},
	}
}

// near returns the shorter form of a path: absolute, or relative to the working directory.
func (a *app) near(path string) string {
	if short, err := filepath.Rel(a.Dir, path); err == nil && len(short) < len(path) {
		return short
	}
	return path
}
