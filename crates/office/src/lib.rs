//! 后台: what those who run Zhida look after: the audit, jobs and files.
