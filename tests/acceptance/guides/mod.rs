//! The guides hold: what they tell to write is written, what they tell to run is run, and
//! what they say that it prints is printed.

mod guide;
mod testing;

use guide::Guide;
