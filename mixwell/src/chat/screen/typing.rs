//! The line that is being typed. Wiped when it is finished.

use zeroize::Zeroize as _;

/// A line with a place in it.
#[derive(Debug, Default)]
pub(crate) struct Typing {
    before: String,
    /// What is behind the place, from its end.
    behind: Vec<char>,
}

/// More than a text can have.
const MOST_BYTES: usize = 16 * 1024;

impl Typing {
    pub(crate) fn insert(&mut self, letter: char) {
        if self.before.len().saturating_add(self.behind.len().saturating_mul(4)) < MOST_BYTES {
            self.before.push(letter);
        }
    }

    pub(crate) fn delete_before(&mut self) {
        self.before.pop();
    }

    pub(crate) fn delete_behind(&mut self) {
        self.behind.pop();
    }

    pub(crate) fn left(&mut self) {
        self.behind.extend(self.before.pop());
    }

    pub(crate) fn right(&mut self) {
        self.before.extend(self.behind.pop());
    }

    pub(crate) fn home(&mut self) {
        while !self.before.is_empty() {
            self.left();
        }
    }

    pub(crate) fn end(&mut self) {
        while !self.behind.is_empty() {
            self.right();
        }
    }

    pub(crate) fn clear(&mut self) {
        self.before.zeroize();
        self.behind.iter_mut().for_each(|letter| *letter = '\0');
        self.behind.clear();
    }

    /// The line; a new one begins.
    pub(crate) fn finish(&mut self) -> String {
        self.end();
        let line = self.before.clone();
        self.clear();
        line
    }

    /// What is before the place, and what is behind it.
    pub(crate) fn parts(&self) -> (&str, String) {
        (&self.before, self.behind.iter().rev().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_go_where_the_place_is() {
        let mut typing = Typing::default();
        "helo".chars().for_each(|letter| typing.insert(letter));
        typing.left();
        typing.insert('l');
        typing.home();
        typing.delete_behind();
        typing.insert('J');
        typing.end();
        typing.insert('é');
        typing.insert('x');
        typing.delete_before();
        assert_eq!(typing.parts(), ("Jelloé", String::new()));
        assert_eq!(typing.finish(), "Jelloé");
        assert_eq!(typing.finish(), "");
    }
}
