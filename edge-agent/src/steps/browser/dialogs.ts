/**
 * Dialogs of the pages of a session (alert, confirm, prompt). A page that waits for an answer would hang every later
 * step, so each is answered at once: as `browser.dialog.answer` said for the next one, otherwise dismissed. Asked whether
 * to leave a page, the answer is yes: the document has decided to.
 */
import type { BrowserContext, Dialog } from 'playwright-core';

interface Answer {
  readonly accept: boolean;
  readonly text?: string | undefined;
}

/** A dialog that was shown. */
export interface ShownDialog {
  readonly kind: string;
  readonly message: string;
  readonly accepted: boolean;
}

/** Kept to be listed; older ones are forgotten. */
const MAX_SHOWN = 100;
const MESSAGE_LENGTH = 2_000;

export class Dialogs {
  readonly #note: (incident: string) => void;
  #next: Answer | null = null;
  #shown: ShownDialog[] = [];

  constructor(context: BrowserContext, note: (incident: string) => void) {
    this.#note = note;
    context.on('dialog', (dialog) => this.#answer(dialog));
  }

  answerNext(answer: Answer): void {
    this.#next = answer;
  }

  /** Oldest first. */
  get shown(): readonly ShownDialog[] {
    return this.#shown;
  }

  #answer(dialog: Dialog): void {
    const kind = dialog.type();
    const leaving = kind === 'beforeunload';
    const answer = leaving ? { accept: true } : (this.#next ?? { accept: false });
    if (!leaving) this.#next = null;
    const message = dialog.message().slice(0, MESSAGE_LENGTH);
    this.#note(`dialog ${answer.accept ? 'accepted' : 'dismissed'}: ${kind} ${JSON.stringify(message)}`);
    this.#shown = [...this.#shown, { kind, message, accepted: answer.accept }].slice(-MAX_SHOWN);
    // It may have gone with its page in the meantime.
    (answer.accept ? dialog.accept(answer.text) : dialog.dismiss()).catch(() => {});
  }
}
