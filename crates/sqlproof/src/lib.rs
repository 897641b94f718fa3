//! Nothing: the tests of this crate run the rules' SQL on a row store and on a columnar engine.
