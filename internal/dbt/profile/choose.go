package profile

import (
	"fmt"
	"slices"

	"dot-for-dbt/internal/hint"
	"dot-for-dbt/internal/pyyaml"
)

// Choice has the facts that decide which profile and output are used.
type Choice struct {
	Profile        string // --profile, else the environment's; "" for neither
	ProjectProfile string // the project's profile:, perhaps with Jinja
	Target         string // --target, else the environment's; "" for neither
	Environment    string // the output of this name is used if Target is ""
	Scope          Scope  // the values that Jinja sees, here and in the output's fields
}

// Choose finds the output that an isolated build connects with. That is Target; else the one named
// like the environment; else the profile's default target; else "default". It reads no other
// output. Errors list the available names.
func (p *File) Choose(c Choice) (*Output, error) {
	name, err := p.chooseProfile(c)
	if err != nil {
		return nil, err
	}
	entry, err := p.profile(name)
	if err != nil {
		return nil, err
	}
	target, err := p.chooseTarget(c, entry)
	if err != nil {
		return nil, err
	}
	node, ok := entry.outputs.Values[target]
	if !ok {
		return nil, hint.New(
			fmt.Sprintf("profile %s: %v", name, entry.node.Errorf("it has no output %q", target)),
			"it has "+list(entry.outputs.Keys),
			"choose one with --target, or with target: in the environment",
		)
	}
	fields, err := node.Read()
	if err != nil {
		return nil, fmt.Errorf("output %s of profile %s: %w", target, name, err)
	}
	if fields.Kind != pyyaml.Mapping {
		return nil, fmt.Errorf("output %s of profile %s: %w", target, name, node.Errorf("expected a mapping, not %s", fields.Kind))
	}
	out := &Output{
		Profile: name, Name: target,
		file: p.path, fields: fields, scope: c.Scope.remembering(), chosenBy: []string{c.ProjectProfile, entry.target},
	}
	return out, out.readAdapter()
}

// NamesOf returns the profile of a choice, the names of its outputs, and the one that Choose would take.
// It reads no output, so no secret either.
func (p *File) NamesOf(c Choice) (profile string, outputs []string, target string, err error) {
	if profile, err = p.chooseProfile(c); err != nil {
		return "", nil, "", err
	}
	entry, err := p.profile(profile)
	if err != nil {
		return profile, nil, "", err
	}
	target, err = p.chooseTarget(c, entry)
	return profile, entry.outputs.Keys, target, err
}

func (p *File) chooseProfile(c Choice) (string, error) {
	if c.Profile != "" {
		return c.Profile, nil
	}
	if c.ProjectProfile == "" {
		return "", hint.New(
			"dbt_project.yml names no profile",
			p.path+" has "+list(p.Names()),
			"choose one with --profile, or with profile: in dbt_project.yml",
		)
	}
	name, err := renderName(c.Scope, c.ProjectProfile)
	if err != nil {
		return "", hint.Add(fmt.Errorf("profile: in dbt_project.yml: %w", err), "or choose one with --profile: "+list(p.Names()))
	}
	return name, nil
}

func (p *File) chooseTarget(c Choice, entry *profileEntry) (string, error) {
	if c.Target != "" {
		return c.Target, nil
	}
	if c.Environment != "" && slices.Contains(entry.outputs.Keys, c.Environment) {
		return c.Environment, nil
	}
	target, err := renderName(c.Scope, entry.target)
	if err != nil {
		return "", hint.Add(fmt.Errorf("target: of profile %s in %s: %w", entry.name, p.path, err), "or choose an output with --target: "+list(entry.outputs.Keys))
	}
	return target, nil
}

// renderName evaluates the name of a profile or an output. A secret can't be a name, because names
// appear in plans and messages.
func renderName(s Scope, text string) (string, error) {
	name, secret, err := s.render(text)
	if err == nil && secret {
		err = fmt.Errorf("the name is made from a secret variable")
	}
	return name, err
}
