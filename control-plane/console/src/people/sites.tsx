/** Where a role holds: everywhere, or at some sites of the tenant alone. */
import type { Account } from '@casare/shared/api';
import { useId, useRef, type SyntheticEvent } from 'react';
import { listOf } from '../ui/use-form.ts';

/** `everywhere`, or at which sites. */
export function sitesWords(sites: readonly string[] | null): string {
  return sites === null ? 'everywhere' : sites.join(', ');
}

/** The sites of a field; null when it is empty: everywhere. */
export function sitesOf(fields: FormData): string[] | null {
  const sites = listOf(fields, 'sites');
  return sites.length === 0 ? null : sites;
}

interface PersonSitesProps {
  readonly account: Account;
  readonly onSave: (sites: string[] | null) => void;
}

/** What is shown is changed in a dialog. */
export function PersonSites({ account: { email, role, sites }, onSave }: PersonSitesProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  const save = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    dialog.current?.close();
    onSave(sitesOf(new FormData(event.currentTarget)));
  };
  return (
    <>
      <button type="button" aria-label={`Sites of ${email}`} onClick={() => dialog.current?.showModal()}>
        Sites
      </button>
      <dialog ref={dialog} aria-labelledby={id}>
        <h2 id={id}>
          At which sites is {email} {role}?
        </h2>
        <p>Jobs, agents and join tokens of other sites are neither seen nor touched.</p>
        {/* With other sites it begins anew. */}
        <form key={sites?.join()} onSubmit={save}>
          <label>
            Only at these sites, one a line; empty: everywhere
            <textarea name="sites" rows={3} defaultValue={sites?.join('\n')} />
          </label>
          <div className="choice">
            <button type="button" onClick={() => dialog.current?.close()}>
              Leave it
            </button>
            <button type="submit" className="main">
              Save
            </button>
          </div>
        </form>
      </dialog>
    </>
  );
}
