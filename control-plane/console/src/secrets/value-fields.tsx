/** The value of a secret: it goes in here and is never shown, also while it is typed. */
import { useId, useState } from 'react';

interface ValueFieldsProps {
  readonly wrong: string | undefined;
  /** Where there is a value already. */
  readonly keeps: boolean;
}

const KINDS = {
  text: 'One line',
  lines: 'Several lines',
  map: 'Named members, such as username and password',
} as const;
type Kind = keyof typeof KINDS;

export function ValueFields({ wrong, keeps }: ValueFieldsProps) {
  const id = useId();
  const [kind, setKind] = useState<Kind>('text');
  const [members, setMembers] = useState<readonly number[]>([0, 1]);
  const given = { 'aria-invalid': wrong === undefined ? undefined : true, 'aria-describedby': `${id}-hint` } as const;
  return (
    <fieldset>
      <legend>Value</legend>
      <div className="days">
        {(Object.keys(KINDS) as Kind[]).map((one) => (
          <label key={one}>
            <input type="radio" name="kind" value={one} checked={kind === one} onChange={() => setKind(one)} />{' '}
            {KINDS[one]}
          </label>
        ))}
      </div>
      {kind === 'text' && (
        <input {...given} key="text" name="value" type="password" aria-label="Value" autoComplete="new-password" />
      )}
      {kind === 'lines' && (
        <textarea
          {...given}
          key="lines"
          name="value"
          className="code veiled"
          rows={5}
          aria-label="Value"
          autoComplete="off"
          spellCheck={false}
        />
      )}
      {kind === 'map' && (
        <>
          {members.map((key, index) => (
            <div key={key} className="row">
              <input name="member" aria-label={`Name of member ${index + 1}`} maxLength={100} autoComplete="off" />
              <input
                {...given}
                name="value"
                type="password"
                aria-label={`Value of member ${index + 1}`}
                autoComplete="new-password"
              />
            </div>
          ))}
          {members.length < 50 && (
            <button type="button" className="start" onClick={() => setMembers([...members, members.length])}>
              One more member
            </button>
          )}
        </>
      )}
      {wrong !== undefined && <p className="wrong">{wrong}</p>}
      <p id={`${id}-hint`} className="hint">
        {keeps ? 'Empty: the value stays, and no new version is made. ' : ''}It is not shown again, to anybody.
      </p>
    </fieldset>
  );
}
