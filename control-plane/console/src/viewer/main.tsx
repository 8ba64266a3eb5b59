/** Starts the viewer of run records. It is built into one page, which a record carries and `casare run-view` serves. */
import '../no-eval.ts';
import '../style.css';
import '../job/job.css';
import './viewer.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { Fault } from '../ui/fault.tsx';
import { loadRun } from './load.ts';
import { Viewer } from './viewer.tsx';

const root = createRoot(document.getElementById('root')!);
loadRun().then(
  (loaded) =>
    root.render(
      <StrictMode>
        <Viewer loaded={loaded} />
      </StrictMode>,
    ),
  (error: unknown) => root.render(<Fault error={error} />),
);
