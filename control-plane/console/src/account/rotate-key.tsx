/** Replaces a key by a new one for the same: asks how long the old one still works. */
import type { ApiKey } from '@casare/shared/api';
import { useId, useRef, type SyntheticEvent } from 'react';

const HOUR = 3_600;
const GRACES = { 'It ends at once': 0, 'An hour': HOUR, 'A day': 24 * HOUR, 'A week': 7 * 24 * HOUR } as const;

interface RotateKeyProps {
  readonly apiKey: ApiKey;
  readonly onRotate: (graceSeconds: number) => void;
}

export function RotateKey({ apiKey: { name }, onRotate }: RotateKeyProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    dialog.current?.close();
    onRotate(GRACES[new FormData(event.currentTarget).get('grace') as keyof typeof GRACES]);
  };
  return (
    <>
      <button type="button" aria-label={`Rotate the key ${name}`} onClick={() => dialog.current?.showModal()}>
        Rotate
      </button>
      <dialog ref={dialog} aria-labelledby={id}>
        <h2 id={id}>Rotate {name}?</h2>
        <p>A new key takes its place: the same name, role and sites, another secret.</p>
        <form onSubmit={submit}>
          <label>
            How long the old one still works
            <select name="grace">
              {Object.keys(GRACES).map((grace) => (
                <option key={grace}>{grace}</option>
              ))}
            </select>
          </label>
          <p className="faint">If somebody else may have it, let it end at once.</p>
          <div className="choice">
            <button type="button" onClick={() => dialog.current?.close()}>
              Keep it
            </button>
            <button type="submit" className="main">
              Rotate the key
            </button>
          </div>
        </form>
      </dialog>
    </>
  );
}
