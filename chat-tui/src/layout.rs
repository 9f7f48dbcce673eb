//! Breaks texts into rows of the screen.

use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr as _;

/// The rows of a text for a width, as ranges of its bytes.
#[derive(Debug)]
pub(crate) struct Rows {
    ranges: Vec<(u32, u32)>,
    first: usize,
    others: usize,
}

/// Breaks a text, cluster by cluster.
struct Breaker<'a> {
    text: &'a str,
    rows: Rows,
    /// The start of the row, and its width so far.
    start: usize,
    width: usize,
    /// The position after the last blank of the row, and the row's width up to there.
    blank: Option<(usize, usize)>,
}

impl Rows {
    /// Breaks a text: between words where that fits. The first row is `first` columns wide, the
    /// others `others`.
    pub(crate) fn of(text: &str, first: usize, others: usize) -> Self {
        let rows = Self { ranges: Vec::new(), first, others };
        let mut breaker = Breaker { text, rows, start: 0, width: 0, blank: None };
        for (place, grapheme) in text.grapheme_indices(true) {
            breaker.add(place, grapheme);
        }
        breaker.end_row(text.len(), text.len());
        breaker.rows
    }

    /// Whether the text was broken for these widths.
    pub(crate) const fn fit(&self, first: usize, others: usize) -> bool {
        self.first == first && self.others == others
    }

    pub(crate) const fn count(&self) -> usize {
        self.ranges.len()
    }

    /// A row of the text, by its number.
    pub(crate) fn row<'a>(&self, number: usize, text: &'a str) -> &'a str {
        let range = self.ranges.get(number).map(|(start, end)| *start as usize..*end as usize);
        range.and_then(|range| text.get(range)).unwrap_or_default()
    }
}

impl Breaker<'_> {
    fn room(&self) -> usize {
        // a narrower row could not hold a character of two columns
        if self.rows.ranges.is_empty() { self.rows.first } else { self.rows.others }.max(2)
    }

    fn add(&mut self, place: usize, grapheme: &str) {
        let behind = place + grapheme.len();
        if grapheme.ends_with('\n') {
            return self.end_row(place, behind);
        }
        let width = grapheme.width();
        if width > self.room() {
            // a cluster may be of any length: add its characters one by one
            for (offset, letter) in grapheme.char_indices() {
                let mut bytes = [0; 4];
                self.add_columns(place + offset, letter.encode_utf8(&mut bytes).width());
            }
            return;
        }
        // blanks at the end of a row are invisible
        if grapheme == " " {
            self.width += 1;
            self.blank = Some((behind, self.width));
        } else {
            self.add_columns(place, width);
        }
    }

    fn add_columns(&mut self, place: usize, width: usize) {
        if self.width + width > self.room() && place > self.start {
            // the last word moves to the next row if it fits there
            let word = self.blank.map(|(end, used)| (end, self.width.saturating_sub(used)));
            let fits = |word: &(usize, usize)| word.1 + width <= self.rows.others.max(2);
            let (end, moved) = word.filter(fits).unwrap_or((place, 0));
            self.end_row(end, end);
            self.width = moved;
        }
        self.width += width;
    }

    fn end_row(&mut self, end: usize, next: usize) {
        let offset = |place: usize| u32::try_from(place).unwrap_or(u32::MAX);
        self.rows.ranges.push((offset(self.start), offset(end)));
        (self.start, self.width, self.blank) = (next, 0, None);
        debug_assert!(next <= self.text.len(), "rows are in the text");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rows(text: &str, first: usize, others: usize) -> Vec<&str> {
        let rows = Rows::of(text, first, others);
        (0..rows.count()).map(|number| rows.row(number, text)).collect()
    }

    #[test]
    fn rows_break_between_words_if_they_can() {
        assert_eq!(rows("one two three", 8, 6), ["one two ", "three"]);
        assert_eq!(rows("abcdefghij", 4, 3), ["abcd", "efg", "hij"]);
        assert_eq!(rows("a\n\nb", 8, 8), ["a", "", "b"]);
        assert_eq!(rows("漢字漢字", 4, 4), ["漢字", "漢字"]);
        assert_eq!(rows("", 4, 4), [""]);
        assert_eq!(rows("ab   cdef", 4, 4), ["ab   ", "cdef"]);
        // a family of emoji is one cluster of two columns
        assert_eq!(rows("👩‍👧👩‍👧", 2, 2), ["👩‍👧", "👩‍👧"]);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

        #[test]
        fn nothing_is_lost_and_all_rows_fit(text in "[a-z 漢👩\u{200d}\u{301}\n]{0,80}", first in 0..12_usize, others in 0..12_usize) {
            let rows = rows(&text, first, others);
            prop_assert_eq!(rows.concat(), text.replace('\n', ""));
            for (number, row) in rows.iter().enumerate() {
                let room = if number == 0 { first } else { others }.max(2);
                prop_assert!(row.trim_end_matches(' ').width() <= room, "{row:?} in {room}");
            }
        }
    }
}
