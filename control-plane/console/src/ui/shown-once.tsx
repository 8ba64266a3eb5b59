/** A secret that is in this answer and nowhere else: shown until somebody says that they have it. */
import { useEffect, useRef, type ReactNode } from 'react';

interface ShownOnceProps {
  /** What it is, and that it is not shown again. */
  readonly children: ReactNode;
  readonly value: string;
  readonly onTaken: () => void;
}

export function ShownOnce({ children, value, onTaken }: ShownOnceProps) {
  const card = useRef<HTMLDivElement>(null);
  useEffect(() => {
    card.current?.scrollIntoView({ block: 'nearest' });
  }, []);
  return (
    <div ref={card} className="card once" role="status">
      <p>{children}</p>
      <pre tabIndex={0}>{value}</pre>
      <button type="button" onClick={onTaken}>
        I have it
      </button>
    </div>
  );
}
