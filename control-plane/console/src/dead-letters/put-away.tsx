/** Takes the chosen ones off the list. It asks once more: nobody is reminded of them any more. */
import { useRef } from 'react';

interface PutAwayProps {
  readonly count: number;
  readonly disabled: boolean;
  readonly onConfirmed: () => void;
}

export function PutAway({ count, disabled, onConfirmed }: PutAwayProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const confirm = () => {
    dialog.current?.close();
    onConfirmed();
  };
  return (
    <>
      <button type="button" disabled={disabled || count === 0} onClick={() => dialog.current?.showModal()}>
        Put away
      </button>
      <dialog ref={dialog} aria-labelledby="put-away-title">
        <h2 id="put-away-title">
          Put {count} {count === 1 ? 'job' : 'jobs'} away?
        </h2>
        <p>They leave this list for good. The jobs stay in the history as they are.</p>
        <div className="choice">
          <button type="button" onClick={() => dialog.current?.close()}>
            Keep them
          </button>
          <button type="button" className="danger" onClick={confirm}>
            Put away
          </button>
        </div>
      </dialog>
    </>
  );
}
