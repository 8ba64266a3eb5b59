/** What somebody is told of. */
import type { AlertChannel, AlertRule } from '@casare/shared/api';
import { api as endpoints } from '@casare/shared/client';
import { useSession } from '../session.tsx';
import { asSeen } from '../ui/as-seen.ts';
import { Confirm } from '../ui/confirm.tsx';
import { Fault } from '../ui/fault.tsx';
import { Table } from '../ui/table.tsx';
import { useAct } from '../ui/use-act.ts';
import { aboutWords, channelName } from './alert-words.ts';
import { NewRule } from './new-rule.tsx';

interface RulesProps {
  readonly rules: readonly AlertRule[];
  readonly channels: readonly AlertChannel[];
  readonly onChanged: () => void;
}

export function Rules({ rules, channels, onChanged }: RulesProps) {
  const { api, may } = useSession();
  const { error, done, act } = useAct();
  const mayWrite = may('alerts:write');
  // All of it is what the reader decides by.
  const bound = (rule: AlertRule) =>
    asSeen(rule, api.tagged(endpoints.alertRules.get, { params: { id: rule.id } }), (seen) => seen);
  const turn = (rule: AlertRule, action: 'enable' | 'disable') =>
    act(
      async () => {
        const { id, name } = rule;
        await api.call(endpoints.alertRules.act, { params: { id, action }, ifMatch: await bound(rule) });
        onChanged();
        return `${name} is ${action}d.`;
      },
      { stay: true },
    );
  const remove = (rule: AlertRule) =>
    act(async () => {
      const { id, name } = rule;
      await api.call(endpoints.alertRules.remove, { params: { id }, ifMatch: await bound(rule) });
      onChanged();
      return `${name} is removed.`;
    });
  return (
    <section aria-labelledby="rules-title">
      <h2 id="rules-title">Rules</h2>
      <p className="faint">What somebody is told of: once for each cause, until it is over.</p>
      <p role="status">{done}</p>
      {error !== null && <Fault error={error} />}
      {rules.length === 0 && (
        <p className="empty">
          There is none. {!mayWrite && 'An owner or an admin makes them.'}
          {mayWrite && (channels.length === 0 ? 'Add a channel first, then a rule.' : 'Make one below.')}
        </p>
      )}
      {rules.length > 0 && (
        <Table caption="Rules" columns={['Name', 'When', 'Told to', 'State', ...(mayWrite ? ['Action'] : [])]}>
          {rules.map((rule) => (
            <tr key={rule.id} role="row">
              <td role="cell">{rule.name}</td>
              <td role="cell" data-label="When">
                {aboutWords(rule)} {rule.cleared && <span className="detail">and when it is over</span>}
              </td>
              <td role="cell" data-label="Told to">
                {rule.channels.map((id) => channelName(id, channels)).join(', ')}
              </td>
              <td role="cell" data-label="State">
                {rule.enabled ? 'Enabled' : <span className="closed">Disabled</span>}
              </td>
              {mayWrite && (
                <td role="cell">
                  <div className="acts">
                    <button
                      type="button"
                      aria-label={`${rule.enabled ? 'Disable' : 'Enable'} ${rule.name}`}

                      onClick={() => void turn(rule, rule.enabled ? 'disable' : 'enable')}
                    >
                      {rule.enabled ? 'Disable' : 'Enable'}
                    </button>
                    <Confirm
                      label="Delete"
                      name={`Delete ${rule.name}`}
                      title={`Delete ${rule.name}?`}
                      keep="Keep it"
                      confirm="Delete the rule"

                      onConfirmed={() => void remove(rule)}
                    >
                      <p>Its alerts go with it, those that are open and the history.</p>
                    </Confirm>
                  </div>
                </td>
              )}
            </tr>
          ))}
        </Table>
      )}
      {mayWrite && channels.length > 0 && <NewRule channels={channels} onMade={onChanged} />}
    </section>
  );
}
