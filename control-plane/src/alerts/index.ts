/** Alerts: what people are told of by mail or webhook. */
export { alertsModule, createAlerts } from './alerts.module.ts';
