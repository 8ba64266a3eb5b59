/** A button that asks for a text before something is done: why, or a word that shows that it is meant. */
import { useId, useRef, useState, type SyntheticEvent } from 'react';

interface AsksProps {
  readonly label: string;
  readonly title: string;
  readonly means: string;
  /** What is to be typed. */
  readonly field: string;
  /** Nothing else may be typed. */
  readonly word?: string;
  readonly keep: string;
  readonly confirm: string;
  readonly danger?: boolean;
  readonly onConfirmed: (text: string) => Promise<void>;
}

export function Asks({ label, title, means, field, word, keep, confirm, danger, onConfirmed }: AsksProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [text, setText] = useState('');
  const id = useId();
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    dialog.current?.close();
    setText('');
    void onConfirmed(text.trim());
  };
  return (
    <>
      <button type="button" onClick={() => dialog.current?.showModal()}>
        {label}
      </button>
      <dialog ref={dialog} aria-labelledby={id}>
        <h2 id={id}>{title}</h2>
        <p>{means}</p>
        <form onSubmit={submit}>
          <label>
            {field}
            <input
              value={text}
              onChange={({ target }) => setText(target.value)}
              required
              pattern={word}
              maxLength={500}
              autoComplete="off"
            />
          </label>
          <div className="choice">
            <button type="button" onClick={() => dialog.current?.close()}>
              {keep}
            </button>
            <button type="submit" className={danger === true ? 'danger' : 'main'}>
              {confirm}
            </button>
          </div>
        </form>
      </dialog>
    </>
  );
}
