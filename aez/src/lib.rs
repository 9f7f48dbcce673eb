//! aez
