// Package store keeps what dot knows of builds for a team: in a shared directory, a bucket of a cloud, or one
// file. It knows the names and the format of the objects, and checks all that it reads. It knows nothing of
// dbt, git or environments, nor of the clouds' protocols; whether a build is of use here is the caller's to say.
//
//	v1/layers/<sha256>.zip                                    a layer, see layer.go; never changed
//	v1/builds/<project>/<env>/<commit>/<place>/<number>.json  an offer: the layers of a build
//
// Both are only ever created, never replaced. A push writes its layers first, then the offer with the next
// number: of two at once, one finds the number taken. A push that is stopped leaves layers that no offer
// names, which the next push finds and uses.
package store
