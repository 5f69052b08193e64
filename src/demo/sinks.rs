//! Local sinks: the other side of every channel, inside the process. They take what real servers take, refuse what those
//! refuse, and keep what they got. Whoever starts one may have a say in each answer: so they also serve as the fakes by
//! which the channels are tested.

pub mod gateway;
pub mod smtp;
