//! More messages than may be: a flood from one tag or vendor, and everybody coming back at once.
