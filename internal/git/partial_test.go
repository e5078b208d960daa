package git_test

import (
	"fmt"
	"strings"
	"testing"

	"dot-for-dbt/internal/git/gittest"
)

// In a partial clone, all files that will be read are fetched at once.
func TestGrepInAPartialClone(t *testing.T) {
	repo := gittest.New(t)
	for i := range 20 {
		repo.Write(fmt.Sprintf("models/%d.sql", i), fmt.Sprintf("select %d -- env_var", i))
	}
	repo.Write("other/file", "not wanted")
	hash := repo.Commit("first")
	repo.Git("config", "uploadpack.allowFilter", "true")
	repo.Git("config", "uploadpack.allowAnySHA1InWant", "true")
	repo.Git("clone", "--quiet", "--no-local", "--no-checkout", "--filter=blob:none", "file://"+repo.Dir, "../partial")
	partial := repo.At("../partial")
	r := open(t, partial.Dir)

	count := processes(t)
	files, err := r.Grep(t.Context(), []string{hash}, []string{"models"}, "env_var")
	if err != nil || len(files[hash]) != 20 {
		t.Errorf("found %q, %v", files, err)
	}
	// Two processes of dot's own, and those of one fetch.
	if n := count(); n > 15 {
		t.Errorf("%d git processes", n)
	}
	missing := partial.Git("rev-list", "--objects", "--missing=print", hash)
	if want := "?" + repo.Git("rev-parse", hash+":other/file"); !strings.Contains(missing, want) {
		t.Errorf("of what is missing, %s is not: %s", want, missing)
	}
	count = processes(t)
	if _, err := r.Grep(t.Context(), []string{hash}, []string{"models"}, "env_var"); err != nil {
		t.Error(err)
	}
	if n := count(); n != 2 {
		t.Errorf("%d git processes the second time, want 2", n)
	}
}
