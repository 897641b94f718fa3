//! Attacks, each tried against the whole program. What one room alone answers for is tried there;
//! `docs/security.md` names every one.

mod assignment;
mod cross_site;
mod injection;
mod objects;
mod redirects;
mod responses;
mod timing;
