/** The agent's own policy: what jobs may reach, whatever the control plane says. */
export { unrestricted } from './unrestricted.ts';
