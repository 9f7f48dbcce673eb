//! Asking for a history's passphrase, and deriving its key.

use super::{Stopped, Talk};
use crate::{
    Entropy, Options,
    error::Error,
    history::HistoryFile,
    model::Question,
    view::{Action, View},
};
use mixwell_chat::Cost;
use zeroize::Zeroizing;

impl<V: View, S: Future<Output = ()>> Talk<'_, V, S> {
    /// Opens the history, if there is to be one. The key is derived on a separate thread; meanwhile
    /// typed input is neither shown nor kept.
    pub(super) async fn open_history(
        &mut self,
        options: &Options,
        entropy: &Entropy,
    ) -> Result<Result<Option<HistoryFile>, Stopped>, Error> {
        let Some(path) = options.history.clone() else { return Ok(Ok(None)) };
        let is_new = !path.exists();
        let question = if is_new { "A passphrase for the new history:" } else { "The history's passphrase:" };
        let Ok(passphrase) = self.ask_hidden(question).await? else { return Ok(Err(Stopped)) };
        if passphrase.is_empty() {
            return Err(Error::Passphrase("the passphrase of a history must not be empty"));
        }
        // a passphrase from a pipe is not mistyped
        if is_new && self.view.is_terminal() {
            let Ok(again) = self.ask_hidden("Repeat the passphrase:").await? else { return Ok(Err(Stopped)) };
            if again != passphrase {
                return Err(Error::Passphrase("the two passphrases differ; there is no history yet"));
            }
        }
        self.ask(Some(Question { text: "Opening the history ...".to_owned(), is_hidden: true }))?;
        let (repairs, entropy) = (options.repairs_history, entropy.clone());
        let open = move || HistoryFile::open(&path, &passphrase, Cost::RECOMMENDED, repairs, &entropy);
        let mut opening = tokio::task::spawn_blocking(open);
        let opened = loop {
            self.draw()?;
            let is_terminal = self.view.is_terminal();
            tokio::select! {
                biased;
                () = &mut self.stop => return Ok(Err(Stopped)),
                Some(input) = self.inputs.recv(), if is_terminal => {
                    if matches!(self.view.input(input, true, &self.model), Action::Quit { .. }) {
                        return Ok(Err(Stopped));
                    }
                }
                opened = &mut opening => break opened,
            }
        };
        if self.view.is_terminal() {
            self.view.discard_typed();
            while self.inputs.try_recv().is_ok() {}
        }
        self.ask(None)?;
        let failed = |_| Error::Passphrase("the history's key could not be derived");
        Ok(Ok(Some(opened.map_err(failed)??)))
    }

    /// Asks for a line that is not echoed.
    async fn ask_hidden(&mut self, question: &str) -> Result<Result<Zeroizing<String>, Stopped>, Error> {
        self.ask(Some(Question { text: question.to_owned(), is_hidden: true }))?;
        loop {
            self.draw()?;
            let action = tokio::select! {
                biased;
                () = &mut self.stop => return Ok(Err(Stopped)),
                Some(input) = self.inputs.recv() => self.view.input(input, false, &self.model),
            };
            match action {
                Action::Line(line) => {
                    let text = core::str::from_utf8(&line).map(|text| Zeroizing::new(text.to_owned()));
                    return text.map(Ok).map_err(|_| Error::Passphrase("the passphrase is not UTF-8 text"));
                }
                Action::Quit { .. } => return Ok(Err(Stopped)),
                Action::Suspend => self.view.suspend().map_err(Error::Terminal)?,
                Action::Switch(_) | Action::Select(_) | Action::Nothing => {}
            }
        }
    }
}
