/** Names with their values, in a grid; the last one takes a line of its own. */
import type { ReactNode } from 'react';

export function Facts({ children, label, wide }: { children: ReactNode; label?: string; wide?: boolean }) {
  return (
    <dl className={wide === true ? 'facts wide' : 'facts'} aria-label={label}>
      {children}
    </dl>
  );
}

export function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
