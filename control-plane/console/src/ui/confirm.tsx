/** A button that asks once more, in a dialog, before something that cannot be taken back. */
import { useId, useRef, type ReactNode } from 'react';

interface ConfirmProps {
  /** On the button. */
  readonly label: string;
  /** What the button is called where several look alike. */
  readonly name?: string;
  /** The question. */
  readonly title: string;
  /** What it means. */
  readonly children: ReactNode;
  readonly keep: string;
  readonly confirm: string;
  readonly onConfirmed: () => void;
}

export function Confirm({ label, name, title, children, keep, confirm, onConfirmed }: ConfirmProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  const confirmed = () => {
    dialog.current?.close();
    onConfirmed();
  };
  return (
    <>
      <button type="button" aria-label={name} onClick={() => dialog.current?.showModal()}>
        {label}
      </button>
      <dialog ref={dialog} aria-labelledby={id}>
        <h2 id={id}>{title}</h2>
        {children}
        <div className="choice">
          <button type="button" onClick={() => dialog.current?.close()}>
            {keep}
          </button>
          <button type="button" className="danger" onClick={confirmed}>
            {confirm}
          </button>
        </div>
      </dialog>
    </>
  );
}
