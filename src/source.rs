//! Rows that are fetched: from other systems' databases ([`sql`]) and from files that are dropped ([`folder`]).
//!
//! Every row becomes events and figures by one mapping ([`map`]), and these are read exactly as if they had been sent over
//! HTTP. What is read is stored before it is noted as read, and ids follow from the rows, so that a crash anywhere leaves
//! nothing out and takes nothing twice. A row that cannot be read is shown with its place and the reason, and holds up
//! nobody else.

pub mod cell;
pub mod folder;
pub mod judge;
pub mod look;
pub mod map;
pub mod run;
pub mod sql;
pub mod take;
pub mod time;
