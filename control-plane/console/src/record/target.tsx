/** How a step found its element: what was asked for, what was found, and what was near where it was not one element. */
import type { Step } from '@casare/shared/api';
import { Fact, Facts } from '../ui/facts.tsx';

type Seen = NonNullable<NonNullable<Step['seen']>['target']>;

export function Target({ target: { selector, found, matches, candidates = [] } }: { target: Seen }) {
  return (
    <section aria-label="Target">
      <h4>Target</h4>
      <Facts label="Target">
        <Fact name="Asked for">
          <code>{selector}</code>
        </Fact>
        <Fact name="Matched">{matches === 1 ? 'one element' : `${matches} elements`}</Fact>
        <Fact name="Found">{found === null ? <span className="faint">none</span> : <code>{found}</code>}</Fact>
      </Facts>
      {candidates.length > 0 && (
        <>
          <p className="faint">Near it, as selectors that match one element each:</p>
          <ul className="candidates">
            {candidates.map((candidate, index) => (
              <li key={index}>
                <code>{candidate}</code>
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}
