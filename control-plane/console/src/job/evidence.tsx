/** What is known of an attempt that a person must settle: whose it is, the last that was heard, and the step in doubt. */
import type { Artifact, Job } from '@casare/shared/api';
import { artifactUrl } from '../api.ts';
import { Fact, Facts } from '../ui/facts.tsx';
import { Ago } from '../ui/when.tsx';
import { EFFECT_WORDS } from '../words.ts';

type Known = NonNullable<NonNullable<Job['review']>['evidence']>;

export function Evidence({ evidence, artifacts }: { evidence: Known; artifacts: readonly Artifact[] }) {
  const { attempt, agent, silentSince, outstanding, lastRecord, openStep } = evidence;
  const files = artifacts.filter((file) => file.attempt === attempt);
  return (
    <Facts label="What is known">
      <Fact name="Attempt">{attempt}</Fact>
      <Fact name="Agent">{agent?.name ?? <span className="faint">removed</span>}</Fact>
      <Fact name="Silent since">
        {silentSince === null ? <span className="faint">it is connected</span> : <Ago time={silentSince} />}
      </Fact>
      <Fact name="Last record">
        {lastRecord === null ? (
          <span className="faint">none</span>
        ) : (
          <>
            <code>{lastRecord.type}</code> <Ago time={lastRecord.at} />
          </>
        )}
      </Fact>
      {outstanding === true && (
        <Fact name="Not here yet">
          The agent may hold records that have not arrived. When it comes back they settle the job; a decision before
          that throws them away.
        </Fact>
      )}
      <Fact name="Files of this attempt">
        {files.length === 0 && <span className="faint">none</span>}
        {files.map(({ id, name }) => (
          <a key={id} href={artifactUrl(id)} download>
            {name}
          </a>
        ))}
      </Fact>
      <Fact name="Step in doubt">
        {openStep === null ? (
          <span className="faint">none: no step was begun whose end is not on record</span>
        ) : (
          <>
            <strong>{openStep.name}</strong> {openStep.call !== null && <code>{openStep.call}</code>} begun{' '}
            <Ago time={openStep.startedAt} />. {EFFECT_WORDS[openStep.effect]} <code>{openStep.position}</code>
          </>
        )}
      </Fact>
    </Facts>
  );
}
