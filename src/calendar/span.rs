//! Spans (时长): a length of time and the way it is counted, in English or Chinese.

/// A length of time together with the way in which it is counted. Lengths are in milliseconds or in days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// Working minutes or hours (工作分钟, 工作小时), in milliseconds of working time.
    WorkingTime(i64),
    /// Working days (工作日).
    WorkingDays(u32),
    /// Plain elapsed time (分钟, 小时), in milliseconds.
    Elapsed(i64),
    /// Natural days (日, 天).
    NaturalDays(u32),
}
