//! Counts the work that an input causes, for tests of the worst input. Code outside tests does not
//! count.

#[cfg(test)]
thread_local! {
    static DONE: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
}

/// Elements of the state that were looked at or moved.
#[inline(always)]
#[cfg_attr(
    not(test),
    allow(unused_variables, clippy::missing_const_for_fn, reason = "for tests")
)]
pub(crate) fn add(elements: usize) {
    #[cfg(test)]
    DONE.with(|done| done.set(done.get() + elements as u64));
}

/// The work that `input` causes.
#[cfg(test)]
pub(crate) fn of(input: impl FnOnce()) -> u64 {
    let before = DONE.with(std::cell::Cell::get);
    input();
    DONE.with(std::cell::Cell::get) - before
}
