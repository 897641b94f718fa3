//! 工作日历: the city's working days and office hours, as everybody's due dates are computed with them.
//!
//! A change is described first and tried on the open cases before it is made; it is made with a reason, which stands in
//! the history of every case that it moves. The days themselves are [`zhida_casework::Calendar`]'s.

mod change;
mod notice;
mod service;
mod year;

pub use change::CalendarChange;
pub(crate) use change::weekday_name;
pub use notice::read_notice;
pub use service::{Preview, to_do, years};
pub use year::{MonthView, YearLine, months};
