/** Generated from control-plane/openapi.json by `npm run generate`: not edited by hand. */
export type Json = string | number | boolean | null | Json[] | {
    [key: string]: Json;
};
export interface components {
    schemas: {
        /** @description Any JSON value. */
        Json: Json;
        SignatureEnvelope: {
            payloadType: string;
            payload: string;
            signatures: {
                keyid?: string | undefined;
                sig: string;
            }[];
        };
        ScheduledJob: {
            workflow: string;
            input?: components["schemas"]["Json"] | undefined;
            /** @default 50 */
            priority?: number | undefined;
            /** @default [] */
            requires?: string[] | undefined;
            site?: string | undefined;
            agent?: string | undefined;
            concurrencyKey?: string | undefined;
            /** @default 10 */
            maxAttempts?: number | undefined;
            retry?: {
                attempts?: number | undefined;
                backoffMs?: number | undefined;
                factor?: number | undefined;
                maxBackoffMs?: number | undefined;
                jitter?: number | undefined;
            } | undefined;
            timeoutMs?: number | undefined;
            attemptTimeoutMs?: number | undefined;
        };
        AuditEntry: {
            position: number;
            tenant: string;
            seq: number;
            /** Format: date-time */
            at: string;
            actor: string;
            action: string;
            subject: string;
            detail: {
                [key: string]: components["schemas"]["Json"];
            };
            hash: string;
        };
        Problem: {
            type: string;
            title: string;
            status: number;
            detail?: string | undefined;
            fix?: string | undefined;
            code: string;
            instance?: string | undefined;
            problems?: components["schemas"]["ProblemDetail"][] | undefined;
        };
        ProblemDetail: {
            path: string;
            message: string;
            line?: number | undefined;
            column?: number | undefined;
            suggestion?: string | undefined;
        };
        AuditCheckpoint: {
            /** @constant */
            format: "casare.audit-checkpoint/1";
            log: string;
            position: number;
            hash: string;
            /** Format: date-time */
            at: string;
            /** Format: base64 */
            publicKey: string;
            /** Format: base64 */
            signature: string;
        };
        AuditHead: {
            position: number;
            hash: string;
            at: string | null;
        };
        Me: {
            /** Format: uuid */
            accountId: string;
            email: string | null;
            /** @enum {string} */
            role: "owner" | "admin" | "operator" | "developer" | "viewer" | "security";
            permissions: ("self:read" | "self:write" | "jobs:read" | "jobs:write" | "jobs:review" | "workflows:read" | "workflows:write" | "schedules:read" | "schedules:write" | "alerts:read" | "alerts:write" | "agents:read" | "agents:write" | "secrets:read" | "secrets:write" | "tokens:read" | "tokens:write" | "trust:read" | "trust:write" | "audit:read" | "accounts:read" | "accounts:write" | "accounts:recover" | "providers:write" | "tenant:read" | "tenant:write" | "platform:read" | "platform:write")[];
            sites: string[] | null;
            tenant: string;
            /** @enum {string} */
            via: "session" | "apiKey" | "token";
            csrfToken: string | null;
        };
        SignInCode: {
            code: string;
            url: string;
            /** Format: date-time */
            expiresAt: string;
        };
        Account: {
            /** Format: uuid */
            id: string;
            email: string;
            /** @enum {string} */
            role: "owner" | "admin" | "operator" | "developer" | "viewer" | "security";
            sites: string[] | null;
            platform: boolean;
            /** @enum {string} */
            state: "invited" | "active" | "disabled";
            /** Format: date-time */
            createdAt: string;
            lastSignInAt: string | null;
            secondFactor: boolean;
        };
        Invitation: {
            account: components["schemas"]["Account"];
            url: string | null;
            mailedTo: string | null;
            /** Format: date-time */
            expiresAt: string;
        };
        Session: {
            /** Format: uuid */
            id: string;
            account: {
                /** Format: uuid */
                id: string;
                email: string;
            };
            /** Format: date-time */
            createdAt: string;
            lastUsedAt: string | null;
            /** Format: date-time */
            expiresAt: string;
            address: string;
            userAgent: string;
            current: boolean;
        };
        NewSecondFactor: {
            secret: string;
            url: string;
        };
        RecoveryCodes: {
            recoveryCodes: string[];
        };
        Provider: {
            /** Format: uuid */
            id: string;
            /** @enum {string} */
            kind: "oidc" | "jwt";
            name: string;
            issuer: string;
            clientId: string;
            keysUrl: string | null;
            scopes: string;
            groupsClaim: string;
            roles: {
                group: string;
                /** @enum {string} */
                role: "owner" | "admin" | "operator" | "developer" | "viewer" | "security";
            }[];
            linkByEmail: boolean;
            trustEmail: boolean;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            changedAt: string;
        };
        ApiKey: {
            id: string;
            name: string;
            account: {
                /** Format: uuid */
                id: string;
                email: string;
            };
            /** @enum {string} */
            role: "owner" | "admin" | "operator" | "developer" | "viewer" | "security";
            scopes: ("self:read" | "self:write" | "jobs:read" | "jobs:write" | "jobs:review" | "workflows:read" | "workflows:write" | "schedules:read" | "schedules:write" | "alerts:read" | "alerts:write" | "agents:read" | "agents:write" | "secrets:read" | "secrets:write" | "tokens:read" | "tokens:write" | "trust:read" | "trust:write" | "audit:read" | "accounts:read" | "accounts:write" | "accounts:recover" | "providers:write" | "tenant:read" | "tenant:write" | "platform:read" | "platform:write")[] | null;
            sites: string[] | null;
            platform: boolean;
            /** @enum {string} */
            state: "active" | "expired" | "revoked";
            /** Format: date-time */
            createdAt: string;
            createdBy: string;
            expiresAt: string | null;
            revokedAt: string | null;
            replacedBy: string | null;
            lastUsedAt: string | null;
        };
        NewApiKey: {
            id: string;
            name: string;
            account: {
                /** Format: uuid */
                id: string;
                email: string;
            };
            /** @enum {string} */
            role: "owner" | "admin" | "operator" | "developer" | "viewer" | "security";
            scopes: ("self:read" | "self:write" | "jobs:read" | "jobs:write" | "jobs:review" | "workflows:read" | "workflows:write" | "schedules:read" | "schedules:write" | "alerts:read" | "alerts:write" | "agents:read" | "agents:write" | "secrets:read" | "secrets:write" | "tokens:read" | "tokens:write" | "trust:read" | "trust:write" | "audit:read" | "accounts:read" | "accounts:write" | "accounts:recover" | "providers:write" | "tenant:read" | "tenant:write" | "platform:read" | "platform:write")[] | null;
            sites: string[] | null;
            platform: boolean;
            /** @enum {string} */
            state: "active" | "expired" | "revoked";
            /** Format: date-time */
            createdAt: string;
            createdBy: string;
            expiresAt: string | null;
            revokedAt: string | null;
            replacedBy: string | null;
            lastUsedAt: string | null;
            key: string;
        };
        RotatedApiKey: {
            id: string;
            name: string;
            account: {
                /** Format: uuid */
                id: string;
                email: string;
            };
            /** @enum {string} */
            role: "owner" | "admin" | "operator" | "developer" | "viewer" | "security";
            scopes: ("self:read" | "self:write" | "jobs:read" | "jobs:write" | "jobs:review" | "workflows:read" | "workflows:write" | "schedules:read" | "schedules:write" | "alerts:read" | "alerts:write" | "agents:read" | "agents:write" | "secrets:read" | "secrets:write" | "tokens:read" | "tokens:write" | "trust:read" | "trust:write" | "audit:read" | "accounts:read" | "accounts:write" | "accounts:recover" | "providers:write" | "tenant:read" | "tenant:write" | "platform:read" | "platform:write")[] | null;
            sites: string[] | null;
            platform: boolean;
            /** @enum {string} */
            state: "active" | "expired" | "revoked";
            /** Format: date-time */
            createdAt: string;
            createdBy: string;
            expiresAt: string | null;
            revokedAt: string | null;
            replacedBy: string | null;
            lastUsedAt: string | null;
            key: string;
            replaces: {
                id: string;
                /** Format: date-time */
                until: string;
            };
        };
        Agent: {
            /** Format: uuid */
            id: string;
            name: string;
            /** @enum {string} */
            state: "pending" | "active" | "paused" | "draining" | "suspect" | "locked" | "decommissioned";
            connected: boolean;
            presenceSince: string | null;
            site: string | null;
            capabilities: string[];
            grants: string[];
            declared: string[];
            slots: {
                plain: number;
                browser: number;
                desktop: number;
            };
            busy: {
                plain: number;
                browser: number;
                desktop: number;
            };
            drainedAt: string | null;
            facts: {
                hostname: string;
                os: string;
                arch: string;
                agentVersion: string;
                nodeVersion: string;
            } | null;
            certificate: {
                serial: string;
                /** Format: date-time */
                notAfter: string;
            } | null;
            ephemeral: boolean;
            /** Format: date-time */
            createdAt: string;
        };
        NewJoinToken: {
            id: string;
            token: string;
            /** Format: date-time */
            expiresAt: string;
        };
        JoinToken: {
            id: string;
            site: string | null;
            tags: string[];
            usesLeft: number;
            /** @enum {string} */
            state: "issued" | "consumed" | "expired" | "revoked";
            autoApprove: boolean;
            hosts: string[];
            networks: string[];
            ephemeral: boolean;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            expiresAt: string;
        };
        WorkflowVersion: {
            /** Format: uuid */
            id: string;
            namespace: string;
            name: string;
            version: string;
            digest: string;
            requirements: components["schemas"]["Requirements"];
            secrets: string[];
            warnings: components["schemas"]["ProblemDetail"][];
            signed: boolean;
            /** Format: date-time */
            createdAt: string;
        };
        Requirements: {
            /** @enum {string} */
            slot: "plain" | "browser" | "desktop";
            capabilities: string[];
            site: string | null;
        };
        Validation: {
            valid: boolean;
            problems: components["schemas"]["ProblemDetail"][];
            warnings: components["schemas"]["ProblemDetail"][];
        };
        WorkflowVersionDetail: {
            /** Format: uuid */
            id: string;
            namespace: string;
            name: string;
            version: string;
            digest: string;
            requirements: components["schemas"]["Requirements"];
            secrets: string[];
            warnings: components["schemas"]["ProblemDetail"][];
            signed: boolean;
            /** Format: date-time */
            createdAt: string;
            source: string;
            document: components["schemas"]["Json"];
            signature: components["schemas"]["SignatureEnvelopeOutput"] | null;
        };
        Secret: {
            name: string;
            /** @enum {string} */
            mode: "server" | "sealed";
            description: string;
            version: number;
            allowedSteps: string[] | null;
            allowedOrigins: string[] | null;
            rotateAfterDays: number | null;
            rotationDue: boolean;
            /** Format: date-time */
            createdAt: string;
            createdBy: string;
            /** Format: date-time */
            versionAt: string;
            lastUsedAt: string | null;
        };
        SealingKey: {
            tenant: string;
            /** Format: uuid */
            agentId: string;
            agent: string;
            /** @enum {string} */
            state: "pending" | "active" | "paused" | "draining" | "suspect" | "locked" | "decommissioned";
            publicKey: string | null;
            fingerprint: string | null;
        };
        SealedRecipient: {
            /** Format: uuid */
            agentId: string;
            agent: string;
            fingerprint: string;
            opens: boolean;
        };
        SecretVersion: {
            version: number;
            /** Format: date-time */
            createdAt: string;
            createdBy: string;
            masterKey: string | null;
        };
        MasterRotation: {
            current: string;
            retiring: string[];
            remaining: number;
            done: boolean;
        };
        Job: {
            /** Format: uuid */
            id: string;
            /** @enum {string} */
            state: "pending" | "leased" | "running" | "paused" | "cancelling" | "succeeded" | "failed" | "timed_out" | "needs_review" | "cancelled";
            workflow: {
                /** Format: uuid */
                id: string;
                namespace: string;
                name: string;
                version: string;
            };
            priority: number;
            generation: number;
            attempt: number;
            agent: {
                /** Format: uuid */
                id: string;
                name: string;
            } | null;
            requirements: components["schemas"]["Requirements"];
            input: components["schemas"]["Json"];
            output: components["schemas"]["Json"] | null;
            error: {
                type: string;
                status: number;
                title?: string | undefined;
                detail?: string | undefined;
                instance?: string | undefined;
                code?: string | undefined;
            } | null;
            review: {
                reason: string;
                position: string | null;
                evidence?: components["schemas"]["ReviewEvidence"] | undefined;
            } | null;
            artifacts: number;
            pausing?: boolean | undefined;
            /** Format: date-time */
            createdAt: string;
            startedAt: string | null;
            endedAt: string | null;
        };
        ReviewEvidence: {
            attempt: number;
            agent: {
                /** Format: uuid */
                id: string;
                name: string;
            } | null;
            silentSince: string | null;
            outstanding?: boolean | undefined;
            lastRecord: {
                seq: number;
                type: string;
                /** Format: date-time */
                at: string;
            } | null;
            openStep: {
                position: string;
                name: string;
                call: string | null;
                /** @enum {string} */
                effect: "idempotent" | "checkable" | "unsafe";
                /** Format: date-time */
                startedAt: string;
            } | null;
        };
        JobIds: {
            ids: string[];
        };
        Attempt: {
            attempt: number;
            generation: number;
            agent: {
                /** Format: uuid */
                id: string;
                name: string;
            } | null;
            /** Format: date-time */
            leasedAt: string;
            endedAt: string | null;
            outcome: string | null;
            error: {
                type: string;
                status: number;
                title?: string | undefined;
                detail?: string | undefined;
                instance?: string | undefined;
                code?: string | undefined;
            } | null;
            records: number;
        };
        Step: {
            attempt: number;
            seq: number;
            path: string;
            position: string;
            name: string;
            task: string;
            call: string | null;
            /** @enum {string} */
            effect: "idempotent" | "checkable" | "unsafe";
            /** @enum {string} */
            state: "running" | "completed" | "failed" | "skipped" | "interrupted";
            /** Format: date-time */
            startedAt: string;
            endedAt: string | null;
            durationMs: number | null;
            output: components["schemas"]["Json"] | null;
            error: {
                type: string;
                status: number;
                title?: string | undefined;
                detail?: string | undefined;
                instance?: string | undefined;
                code?: string | undefined;
            } | null;
            input?: components["schemas"]["Json"] | undefined;
            seen?: {
                target?: {
                    selector: string;
                    found: string | null;
                    matches: number;
                    candidates?: string[] | undefined;
                } | undefined;
                page?: {
                    url: string;
                    title: string;
                } | undefined;
                window?: {
                    title: string;
                    application: string;
                } | undefined;
            } | undefined;
        };
        LogLine: {
            attempt: number;
            seq: number;
            /** Format: date-time */
            at: string;
            level: string;
            message: string;
        };
        Artifact: {
            /** Format: uuid */
            id: string;
            /** Format: uuid */
            jobId: string;
            attempt: number;
            name: string;
            /** @enum {string} */
            kind: "output" | "screenshot" | "trace" | "log" | "snapshot" | "network" | "console";
            mediaType: string;
            bytes: number;
            sha256: string;
            position: string | null;
            /** Format: date-time */
            createdAt: string;
        };
        WhyPending: {
            /** @enum {string} */
            state: "pending" | "leased" | "running" | "paused" | "cancelling" | "succeeded" | "failed" | "timed_out" | "needs_review" | "cancelled";
            summary: string;
            ahead: number | null;
            heldBy: {
                /** @enum {string} */
                code: "QUOTA_CONCURRENT_JOBS" | "TENANT_SUSPENDED";
                limit: number | null;
                used: number | null;
            } | null;
            likelyStart: string | null;
            counts: {
                code: string;
                agents: number;
            }[];
            agents: {
                /** Format: uuid */
                id: string;
                name: string;
                reason: string;
                code: string;
            }[];
        };
        DeadLetter: {
            /** Format: uuid */
            id: string;
            /** @enum {string} */
            reason: "permanent" | "ambiguous" | "exhausted";
            workflow: {
                /** Format: uuid */
                id: string;
                namespace: string;
                name: string;
                version: string;
            };
            error: {
                type: string;
                status: number;
                title?: string | undefined;
                detail?: string | undefined;
                instance?: string | undefined;
                code?: string | undefined;
            } | null;
            attempts: number;
            agent: {
                /** Format: uuid */
                id: string;
                name: string;
            } | null;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            failedAt: string;
        };
        DeadLetterCounts: {
            total: number;
            complete: boolean;
            reasons: {
                permanent: number;
                ambiguous: number;
                exhausted: number;
            };
            workflows: {
                workflow: string;
                total: number;
                reasons: {
                    permanent: number;
                    ambiguous: number;
                    exhausted: number;
                };
                /** Format: date-time */
                lastFailedAt: string;
            }[];
            others: number;
        };
        DeadLetterDetails: {
            /** Format: uuid */
            id: string;
            /** @enum {string} */
            reason: "permanent" | "ambiguous" | "exhausted";
            workflow: {
                /** Format: uuid */
                id: string;
                namespace: string;
                name: string;
                version: string;
            };
            error: {
                type: string;
                status: number;
                title?: string | undefined;
                detail?: string | undefined;
                instance?: string | undefined;
                code?: string | undefined;
            } | null;
            attempts: number;
            agent: {
                /** Format: uuid */
                id: string;
                name: string;
            } | null;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            failedAt: string;
            input: components["schemas"]["Json"];
            tries: {
                attempt: number;
                generation: number;
                agent: {
                    /** Format: uuid */
                    id: string;
                    name: string;
                } | null;
                /** Format: date-time */
                leasedAt: string;
                endedAt: string | null;
                outcome: string | null;
                error: {
                    type: string;
                    status: number;
                    title?: string | undefined;
                    detail?: string | undefined;
                    instance?: string | undefined;
                    code?: string | undefined;
                } | null;
            }[];
        };
        DeadLettersDone: {
            ids: string[];
            refused: {
                /** Format: uuid */
                id: string;
                code: string;
            }[];
            more: boolean;
        };
        JobActionDone: {
            /** @enum {string} */
            action: "cancel" | "pause" | "resume" | "retry";
            dryRun: boolean;
            ids: string[];
            refused: {
                /** Format: uuid */
                id: string;
                code: string;
            }[];
            remaining: number;
        };
        ArtifactLink: {
            url: string;
            /** Format: date-time */
            expiresAt: string;
        };
        Route: {
            id: string;
            /** @enum {string} */
            slot: "plain" | "browser" | "desktop";
            site: string | null;
            capabilities: string[];
            paused: boolean;
            ready: number;
        };
        MaintenanceWindow: {
            /** @enum {string} */
            scope: "route" | "site" | "agent";
            target: string;
            reason: string;
            times: {
                /** @constant */
                kind: "always";
            } | {
                /** @constant */
                kind: "once";
                /** Format: date-time */
                from: string;
                /** Format: date-time */
                to: string;
            } | {
                /** @constant */
                kind: "weekly";
                days: number[];
                start: string;
                minutes: number;
                timeZone: string;
            };
            /** Format: uuid */
            id: string;
            closed: boolean;
            createdBy: string;
            /** Format: date-time */
            createdAt: string;
        };
        Schedule: {
            /** Format: uuid */
            id: string;
            name: string;
            cron: string;
            timeZone: string;
            job: components["schemas"]["ScheduledJobOutput"];
            /** @enum {string} */
            overlap: "skip" | "queue" | "cancel";
            catchUp: {
                /** @constant */
                kind: "none";
            } | {
                /** @constant */
                kind: "last";
            } | {
                /** @constant */
                kind: "all";
                /** @default 10 */
                limit: number;
            };
            enabled: boolean;
            nextRuns: string[];
            lastFiring: components["schemas"]["Firing"] | null;
            createdBy: string;
            /** Format: date-time */
            createdAt: string;
            /** Format: date-time */
            updatedAt: string;
        };
        Firing: {
            /** Format: uuid */
            id: string;
            /** @enum {string} */
            cause: "time" | "person";
            /** Format: date-time */
            dueAt: string;
            untilAt: string | null;
            /** Format: date-time */
            firedAt: string;
            /** @enum {string} */
            outcome: "submitted" | "skipped" | "missed" | "refused";
            jobId: string | null;
            code: string | null;
            reason: string | null;
        };
        AlertChannel: {
            /** Format: uuid */
            id: string;
            name: string;
            /** @enum {string} */
            kind: "email" | "webhook";
            to: string[] | null;
            url: string | null;
            createdBy: string;
            /** Format: date-time */
            createdAt: string;
        };
        NewAlertChannel: {
            channel: components["schemas"]["AlertChannel"];
            secret: string | null;
        };
        AlertRule: {
            /** Format: uuid */
            id: string;
            name: string;
            /** @enum {string} */
            kind: "job.failed" | "job.needs_review" | "agent.offline" | "certificate.expiring";
            channels: string[];
            cleared: boolean;
            enabled: boolean;
            workflow: string | null;
            minutes: number | null;
            days: number | null;
            createdBy: string;
            /** Format: date-time */
            createdAt: string;
        };
        Alert: {
            /** Format: uuid */
            id: string;
            rule: {
                /** Format: uuid */
                id: string;
                name: string;
            };
            /** @enum {string} */
            kind: "job.failed" | "job.needs_review" | "agent.offline" | "certificate.expiring";
            cause: string;
            title: string;
            detail: {
                [key: string]: components["schemas"]["Json"];
            };
            times: number;
            /** Format: date-time */
            raisedAt: string;
            /** Format: date-time */
            lastAt: string;
            clearedAt: string | null;
            deliveries: {
                /** Format: uuid */
                id: string;
                /** Format: uuid */
                channel: string;
                /** @enum {string} */
                about: "raised" | "cleared";
                /** @enum {string} */
                state: "pending" | "delivered" | "failed";
                attempts: number;
                lastError: string | null;
                deliveredAt: string | null;
            }[];
        };
        TrustStatus: {
            rev: number;
            operator: boolean;
            signer: {
                /** @enum {string} */
                state: "up" | "down";
                why: string | null;
            };
            authorities: components["schemas"]["Authority"][];
            rotations: components["schemas"]["Rotation"][];
            locks: number;
            bundle: {
                digest: string;
                roots: number;
            };
            gateways: {
                /** Format: uuid */
                id: string;
                /** Format: date-time */
                heartbeatAt: string;
                rev: number;
                sessions: number;
            }[];
            nextExpiration: components["schemas"]["Expiration"] | null;
            next: string;
        };
        Authority: {
            /** Format: uuid */
            id: string;
            /** @enum {string} */
            kind: "server_root" | "agent_root" | "server_ca" | "agent_ca";
            tenant: string | null;
            /** @enum {string} */
            state: "standby" | "active" | "outgoing" | "retired";
            keyId: string;
            fingerprint: string;
            issuerId: string | null;
            /** @enum {string} */
            key: "server" | "offline";
            /** Format: date-time */
            notAfter: string;
            /** Format: date-time */
            createdAt: string;
            certificatePem: string;
            live: number;
        };
        Rotation: {
            /** Format: uuid */
            id: string;
            /** @enum {string} */
            kind: "server_root" | "agent_root" | "server_ca" | "agent_ca";
            tenant: string | null;
            /** @enum {string} */
            phase: "standby" | "prepare" | "issue" | "serve" | "retire" | "rollback";
            rev: number;
            emergency: boolean;
            automatic: boolean;
            /** Format: uuid */
            oldAuthority: string;
            /** Format: uuid */
            newAuthority: string;
            seenDays: number;
            reason: string;
            startedBy: string;
            /** Format: date-time */
            startedAt: string;
            /** Format: date-time */
            phaseSince: string;
            endedAt: string | null;
            outcome: ("completed" | "rolled_back") | null;
            gate: {
                met: boolean;
                counts: string;
                ready: number;
                total: number;
                blockers: components["schemas"]["Straggler"][];
                leftBehind: number;
            } | null;
            next: string;
        };
        Straggler: {
            /** @enum {string} */
            kind: "agent" | "gateway";
            id: string;
            name: string;
            why: string;
            seenAt: string | null;
        };
        Expiration: {
            /** @enum {string} */
            subject: "server_root" | "agent_root" | "server_ca" | "agent_ca" | "gateway" | "agent" | "web";
            id: string;
            name: string;
            /** Format: date-time */
            notAfter: string;
            next: string;
        };
        Bundle: {
            digest: string;
            roots: string[];
        };
        Certificate: {
            serial: string;
            /** Format: uuid */
            agentId: string;
            agentName: string;
            /** @enum {string} */
            state: "pending" | "current" | "superseded" | "revoked";
            generation: number;
            /** Format: uuid */
            authority: string;
            /** Format: date-time */
            notAfter: string;
            /** Format: date-time */
            createdAt: string;
            revokedAt: string | null;
            revokedWhy: string | null;
            certificatePem: string;
        };
        Lock: {
            /** Format: uuid */
            id: string;
            /** @enum {string} */
            kind: "agent" | "tenant" | "serial" | "ca";
            target: string;
            reason: string;
            createdBy: string;
            /** Format: date-time */
            createdAt: string;
            expiresAt: string | null;
            liftedAt: string | null;
        };
        AuthorityRequest: {
            /** Format: uuid */
            id: string;
            /** @enum {string} */
            kind: "server_ca" | "agent_ca";
            tenant: string | null;
            csrPem: string;
            /** Format: date-time */
            createdAt: string;
        };
        TenantSummary: {
            id: string;
            name: string;
            /** @enum {string} */
            state: "active" | "suspended" | "deleting";
            /** Format: date-time */
            stateSince: string;
            stateReason: string;
            /** Format: date-time */
            createdAt: string;
            operator: boolean;
            quotas: components["schemas"]["Quotas"];
        };
        Quotas: {
            agents: number | null;
            concurrentJobs: number | null;
            queuedJobs: number | null;
            storedBytes: number | null;
        };
        NewTenant: {
            tenant: components["schemas"]["Tenant"];
            invitation: {
                email: string;
                url: string;
                /** Format: date-time */
                expiresAt: string;
            };
        };
        Tenant: {
            id: string;
            name: string;
            /** @enum {string} */
            state: "active" | "suspended" | "deleting";
            /** Format: date-time */
            stateSince: string;
            stateReason: string;
            /** Format: date-time */
            createdAt: string;
            operator: boolean;
            quotas: components["schemas"]["Quotas"];
            trustDomain: string;
            agentCa: {
                keyId: string;
                /** Format: date-time */
                notAfter: string;
            } | null;
            use: components["schemas"]["Use"];
            retention: components["schemas"]["Retention"];
        };
        Use: {
            agents: number;
            concurrentJobs: number;
            queuedJobs: number;
            storedBytes: number;
        };
        Retention: {
            jobsDays: number | null;
            logsDays: number | null;
            artifactsDays: number | null;
        };
        Deletion: {
            tenant: string;
            /** @enum {string} */
            state: "running" | "finished";
            askedBy: string;
            /** Format: date-time */
            askedAt: string;
            finishedAt: string | null;
            report: components["schemas"]["DeletionReport"] | null;
        };
        DeletionReport: {
            tables: {
                name: string;
                removed: number;
                left: number;
            }[];
            folders: {
                name: string;
                removed: number;
                left: number;
            }[];
        };
        SignatureEnvelopeOutput: {
            payloadType: string;
            payload: string;
            signatures: {
                keyid?: string | undefined;
                sig: string;
            }[];
        };
        ScheduledJobOutput: {
            workflow: string;
            input?: components["schemas"]["Json"] | undefined;
            /** @default 50 */
            priority: number;
            /** @default [] */
            requires: string[];
            site?: string | undefined;
            agent?: string | undefined;
            concurrencyKey?: string | undefined;
            /** @default 10 */
            maxAttempts: number;
            retry?: {
                attempts?: number | undefined;
                backoffMs?: number | undefined;
                factor?: number | undefined;
                maxBackoffMs?: number | undefined;
                jitter?: number | undefined;
            } | undefined;
            timeoutMs?: number | undefined;
            attemptTimeoutMs?: number | undefined;
        };
    };
    responses: {
        /** @description The request is not as this document describes it. */
        Invalid: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Nobody is signed in, or what was sent is wrong. */
        Unauthenticated: {
            headers: {
                /** @description How to authenticate. */
                "WWW-Authenticate"?: string | undefined;
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The caller may not do this. */
        Denied: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description There is no such thing in the tenant of the caller. */
        NotFound: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Too much at once; asked again later it is done. */
        Busy: {
            headers: {
                /** @description Seconds to wait before another try. */
                "Retry-After"?: number | undefined;
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Address and headers are larger than 16 KiB. */
        HeadTooLarge: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The control plane or its database is busy or starting. */
        Unavailable: {
            headers: {
                /** @description Seconds to wait before another try. */
                "Retry-After"?: number | undefined;
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The state of the thing does not allow it. */
        Conflict: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The body is larger than this operation takes. */
        TooLarge: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The body is of a type that this operation does not take. */
        MediaTypeUnsupported: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The request is well formed, and what it says cannot be done. */
        Unprocessable: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The thing is not as `If-Match` says. */
        PreconditionFailed: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description A server that had to be asked cannot be used. */
        BadGateway: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description A server that had to be asked did not answer in time. */
        GatewayTimeout: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The range begins behind the end of the file. */
        RangeNotSatisfiable: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
    };
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export interface operations {
    "audit.list": {
        parameters: {
            query?: {
                limit?: number | undefined;
                cursor?: string | undefined;
                sort?: ("position" | "-position") | undefined;
                log?: ("tenant" | "installation") | undefined;
                since?: string | undefined;
                until?: string | undefined;
                createdAfter?: string | undefined;
                createdBefore?: string | undefined;
            } | undefined;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["AuditEntry"][];
                        nextCursor: string | null;
                    };
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "audit.export": {
        parameters: {
            query?: {
                log?: ("tenant" | "installation") | undefined;
                format?: ("jsonl" | "cloudevents") | undefined;
                since?: string | undefined;
                until?: string | undefined;
            } | undefined;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The bytes. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/x-ndjson": unknown;
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "audit.checkpoint": {
        parameters: {
            query?: {
                log?: ("tenant" | "installation") | undefined;
            } | undefined;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditCheckpoint"];
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "audit.checkpoints": {
        parameters: {
            query?: {
                limit?: number | undefined;
                cursor?: string | undefined;
                sort?: "position" | undefined;
                log?: ("tenant" | "installation") | undefined;
            } | undefined;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["AuditCheckpoint"][];
                        nextCursor: string | null;
                    };
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "audit.head": {
        parameters: {
            query?: {
                log?: ("tenant" | "installation") | undefined;
            } | undefined;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditHead"];
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "auth.login": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    email: string;
                    password: string;
                    secondFactor?: string | undefined;
                } | {
                    code: string;
                };
            };
        };
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Me"];
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["MediaTypeUnsupported"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "auth.logout": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "auth.me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Me"];
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "auth.acceptInvitation": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    token: string;
                    password: string;
                };
            };
        };
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Me"];
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["MediaTypeUnsupported"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "auth.changePassword": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    password: string;
                    newPassword: string;
                };
            };
        };
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        ended: number;
                    };
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["MediaTypeUnsupported"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "auth.createSignInCode": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SignInCode"];
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "accounts.list": {
        parameters: {
            query?: {
                limit?: number | undefined;
                cursor?: string | undefined;
                sort?: ("-createdAt" | "createdAt") | undefined;
                q?: string | undefined;
                role?: ("owner" | "admin" | "operator" | "developer" | "viewer" | "security") | undefined;
            } | undefined;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Account"][];
                        nextCursor: string | null;
                    };
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "accounts.invite": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** Format: email */
                    email: string;
                    /** @enum {string} */
                    role: "owner" | "admin" | "operator" | "developer" | "viewer" | "security";
                    /** @default null */
                    sites?: (string[] | null) | undefined;
                    /** @default 604800 */
                    ttlSeconds?: number | undefined;
                };
            };
        };
        responses: {
            /** @description The answer. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Invitation"];
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["MediaTypeUnsupported"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "accounts.get": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    /** @description For `If-Match` of an update, and for `If-None-Match` where 304 is an answer. */
                    ETag: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Account"];
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "accounts.delete": {
        parameters: {
            query?: never;
            header?: {
                /** @description The ETag of the thing as it was seen: the update is refused when it has changed. */
                "If-Match"?: string | undefined;
            } | undefined;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "accounts.inviteAgain": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @default 604800 */
                    ttlSeconds?: number | undefined;
                };
            };
        };
        responses: {
            /** @description The answer. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Invitation"];
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["MediaTypeUnsupported"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "accounts.setRole": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
                /** @description The ETag of the thing as it was seen: the update is refused when it has changed. */
                "If-Match"?: string | undefined;
            } | undefined;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @enum {string} */
                    role: "owner" | "admin" | "operator" | "developer" | "viewer" | "security";
                    sites?: (string[] | null) | undefined;
                };
            };
        };
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    /** @description For `If-Match` of an update, and for `If-None-Match` where 304 is an answer. */
                    ETag: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Account"];
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["MediaTypeUnsupported"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "accounts.setPlatform": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
                /** @description The ETag of the thing as it was seen: the update is refused when it has changed. */
                "If-Match"?: string | undefined;
            } | undefined;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    platform: boolean;
                };
            };
        };
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    /** @description For `If-Match` of an update, and for `If-None-Match` where 304 is an answer. */
                    ETag: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Account"];
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["MediaTypeUnsupported"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "accounts.resetSecondFactor": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
                /** @description The ETag of the thing as it was seen: the update is refused when it has changed. */
                "If-Match"?: string | undefined;
            } | undefined;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    /** @description For `If-Match` of an update, and for `If-None-Match` where 304 is an answer. */
                    ETag: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Account"];
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "accounts.act": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
                /** @description The ETag of the thing as it was seen: the update is refused when it has changed. */
                "If-Match"?: string | undefined;
            } | undefined;
            path: {
                id: string;
                action: "disable" | "enable" | "end-sessions";
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    /** @description For `If-Match` of an update, and for `If-None-Match` where 304 is an answer. */
                    ETag: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Account"];
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "sessions.list": {
        parameters: {
            query?: {
                limit?: number | undefined;
                cursor?: string | undefined;
                sort?: ("-createdAt" | "createdAt") | undefined;
                of?: ("own" | "all") | undefined;
            } | undefined;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Session"][];
                        nextCursor: string | null;
                    };
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "sessions.end": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "sessions.endOthers": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        ended: number;
                    };
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "secondFactor.show": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        on: boolean;
                        recoveryCodesLeft: number;
                    };
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "secondFactor.begin": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    password: string;
                };
            };
        };
        responses: {
            /** @description The answer. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewSecondFactor"];
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["MediaTypeUnsupported"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "secondFactor.confirm": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    code: string;
                };
            };
        };
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RecoveryCodes"];
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["MediaTypeUnsupported"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "secondFactor.newRecoveryCodes": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    code: string;
                };
            };
        };
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RecoveryCodes"];
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["MediaTypeUnsupported"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "secondFactor.remove": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    code: string;
                };
            };
        };
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["MediaTypeUnsupported"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "providers.list": {
        parameters: {
            query?: {
                limit?: number | undefined;
                cursor?: string | undefined;
                sort?: ("name" | "-name" | "-createdAt" | "createdAt") | undefined;
                q?: string | undefined;
            } | undefined;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Provider"][];
                        nextCursor: string | null;
                    };
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "providers.create": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @constant */
                    kind: "oidc";
                    name: string;
                    /** @default groups */
                    groupsClaim?: string | undefined;
                    roles: {
                        group: string;
                        /** @enum {string} */
                        role: "owner" | "admin" | "operator" | "developer" | "viewer" | "security";
                    }[];
                    /** @default false */
                    linkByEmail?: boolean | undefined;
                    /** @default false */
                    trustEmail?: boolean | undefined;
                    /** Format: uri */
                    issuer: string;
                    clientId: string;
                    clientSecret: string;
                    /** @default openid email profile */
                    scopes?: string | undefined;
                } | {
                    /** @constant */
                    kind: "jwt";
                    name: string;
                    /** @default app_metadata.role */
                    groupsClaim?: string | undefined;
                    roles: {
                        group: string;
                        /** @enum {string} */
                        role: "owner" | "admin" | "operator" | "developer" | "viewer" | "security";
                    }[];
                    /** @default false */
                    linkByEmail?: boolean | undefined;
                    /** @default false */
                    trustEmail?: boolean | undefined;
                    /** Format: uri */
                    issuer: string;
                    audience: string;
                    /** Format: uri */
                    keysUrl?: string | undefined;
                };
            };
        };
        responses: {
            /** @description The answer. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Provider"];
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["MediaTypeUnsupported"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            502: components["responses"]["BadGateway"];
            503: components["responses"]["Unavailable"];
            504: components["responses"]["GatewayTimeout"];
        };
    };
    "providers.get": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    /** @description For `If-Match` of an update, and for `If-None-Match` where 304 is an answer. */
                    ETag: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Provider"];
                };
            };
            /** @description What `If-None-Match` named is still so. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "providers.change": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
                /** @description The ETag of the thing as it was seen: the update is refused when it has changed. */
                "If-Match"?: string | undefined;
            } | undefined;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    name?: string | undefined;
                    groupsClaim?: string | undefined;
                    roles?: {
                        group: string;
                        /** @enum {string} */
                        role: "owner" | "admin" | "operator" | "developer" | "viewer" | "security";
                    }[] | undefined;
                    linkByEmail?: boolean | undefined;
                    trustEmail?: boolean | undefined;
                    clientSecret?: string | undefined;
                };
            };
        };
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    /** @description For `If-Match` of an update, and for `If-None-Match` where 304 is an answer. */
                    ETag: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Provider"];
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["MediaTypeUnsupported"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "providers.remove": {
        parameters: {
            query?: never;
            header?: {
                /** @description The ETag of the thing as it was seen: the update is refused when it has changed. */
                "If-Match"?: string | undefined;
            } | undefined;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "signOn.providers": {
        parameters: {
            query?: {
                tenant?: string | undefined;
            } | undefined;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: {
                            /** Format: uuid */
                            id: string;
                            name: string;
                        }[];
                    };
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "signOn.begin": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** Format: uuid */
                    provider: string;
                };
            };
        };
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        url: string;
                    };
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["MediaTypeUnsupported"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            502: components["responses"]["BadGateway"];
            503: components["responses"]["Unavailable"];
            504: components["responses"]["GatewayTimeout"];
        };
    };
    "signOn.complete": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    query: string;
                };
            };
        };
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Me"];
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["MediaTypeUnsupported"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "signOn.leave": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        url: string | null;
                    };
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "apiKeys.list": {
        parameters: {
            query?: {
                limit?: number | undefined;
                cursor?: string | undefined;
                sort?: ("-createdAt" | "createdAt") | undefined;
                of?: ("own" | "all") | undefined;
                ended?: ("true" | "false") | undefined;
                q?: string | undefined;
            } | undefined;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["ApiKey"][];
                        nextCursor: string | null;
                    };
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "apiKeys.create": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    name: string;
                    /** @enum {string} */
                    role?: ("owner" | "admin" | "operator" | "developer" | "viewer" | "security") | undefined;
                    scopes?: ("self:read" | "self:write" | "jobs:read" | "jobs:write" | "jobs:review" | "workflows:read" | "workflows:write" | "schedules:read" | "schedules:write" | "alerts:read" | "alerts:write" | "agents:read" | "agents:write" | "secrets:read" | "secrets:write" | "tokens:read" | "tokens:write" | "trust:read" | "trust:write" | "audit:read" | "accounts:read" | "accounts:write" | "accounts:recover" | "providers:write" | "tenant:read" | "tenant:write" | "platform:read" | "platform:write")[] | undefined;
                    sites?: string[] | undefined;
                    /** @default false */
                    platform?: boolean | undefined;
                    ttlSeconds?: number | undefined;
                };
            };
        };
        responses: {
            /** @description The answer. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewApiKey"];
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["MediaTypeUnsupported"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "apiKeys.rotate": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @default 0 */
                    graceSeconds?: number | undefined;
                };
            };
        };
        responses: {
            /** @description The answer. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RotatedApiKey"];
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["MediaTypeUnsupported"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "apiKeys.revoke": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "agents.list": {
        parameters: {
            query?: {
                limit?: number | undefined;
                cursor?: string | undefined;
                sort?: ("-createdAt" | "createdAt" | "name" | "-name") | undefined;
                state?: ("pending" | "active" | "paused" | "draining" | "suspect" | "locked" | "decommissioned") | undefined;
                site?: string | undefined;
                tag?: string | undefined;
                q?: string | undefined;
                createdAfter?: string | undefined;
                createdBefore?: string | undefined;
            } | undefined;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Agent"][];
                        nextCursor: string | null;
                    };
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "agents.get": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    /** @description For `If-Match` of an update, and for `If-None-Match` where 304 is an answer. */
                    ETag: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Agent"];
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "agents.update": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
                /** @description The ETag of the thing as it was seen: the update is refused when it has changed. */
                "If-Match"?: string | undefined;
            } | undefined;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    name?: string | undefined;
                    site?: (string | null) | undefined;
                    grants?: string[] | undefined;
                    addGrants?: string[] | undefined;
                    removeGrants?: string[] | undefined;
                };
            };
        };
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    /** @description For `If-Match` of an update, and for `If-None-Match` where 304 is an answer. */
                    ETag: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Agent"];
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["MediaTypeUnsupported"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "agents.act": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
                /** @description The ETag of the thing as it was seen: the update is refused when it has changed. */
                "If-Match"?: string | undefined;
            } | undefined;
            path: {
                id: string;
                action: "approve" | "pause" | "resume" | "drain" | "lock" | "unlock" | "decommission";
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    /** @description For `If-Match` of an update, and for `If-None-Match` where 304 is an answer. */
                    ETag: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Agent"];
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "joinTokens.list": {
        parameters: {
            query?: {
                limit?: number | undefined;
                cursor?: string | undefined;
                sort?: ("-createdAt" | "createdAt") | undefined;
                site?: string | undefined;
                tag?: string | undefined;
                createdAfter?: string | undefined;
                createdBefore?: string | undefined;
            } | undefined;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["JoinToken"][];
                        nextCursor: string | null;
                    };
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "joinTokens.create": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    site?: string | undefined;
                    /** @default [] */
                    tags?: string[] | undefined;
                    /** @default 1 */
                    uses?: number | undefined;
                    /** @default 900 */
                    ttlSeconds?: number | undefined;
                    /** @default false */
                    autoApprove?: boolean | undefined;
                    /** @default [] */
                    hosts?: string[] | undefined;
                    /** @default [] */
                    networks?: (string)[] | undefined;
                    /** @default false */
                    ephemeral?: boolean | undefined;
                };
            };
        };
        responses: {
            /** @description The answer. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewJoinToken"];
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["MediaTypeUnsupported"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "joinTokens.revoke": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "workflows.list": {
        parameters: {
            query?: {
                limit?: number | undefined;
                cursor?: string | undefined;
                sort?: ("-createdAt" | "createdAt") | undefined;
                q?: string | undefined;
            } | undefined;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["WorkflowVersion"][];
                        nextCursor: string | null;
                    };
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "workflows.push": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": string | {
                    [key: string]: components["schemas"]["Json"];
                };
                "application/yaml": string;
                "application/x-yaml": string;
                "text/yaml": string;
                "text/plain": string;
            };
        };
        responses: {
            /** @description The answer. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WorkflowVersion"];
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["MediaTypeUnsupported"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "workflows.validate": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": string | {
                    [key: string]: components["schemas"]["Json"];
                };
                "application/yaml": string;
                "application/x-yaml": string;
                "text/yaml": string;
                "text/plain": string;
            };
        };
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Validation"];
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["MediaTypeUnsupported"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "workflows.get": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    /** @description For `If-Match` of an update, and for `If-None-Match` where 304 is an answer. */
                    ETag: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WorkflowVersionDetail"];
                };
            };
            /** @description What `If-None-Match` named is still so. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "workflows.sign": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SignatureEnvelope"];
            };
        };
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WorkflowVersion"];
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["MediaTypeUnsupported"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "workflows.versions": {
        parameters: {
            query?: {
                limit?: number | undefined;
                cursor?: string | undefined;
                sort?: ("-createdAt" | "createdAt") | undefined;
            } | undefined;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["WorkflowVersion"][];
                        nextCursor: string | null;
                    };
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "secrets.list": {
        parameters: {
            query?: {
                limit?: number | undefined;
                cursor?: string | undefined;
                sort?: ("name" | "-name") | undefined;
                q?: string | undefined;
            } | undefined;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Secret"][];
                        nextCursor: string | null;
                    };
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "secrets.get": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    /** @description For `If-Match` of an update, and for `If-None-Match` where 304 is an answer. */
                    ETag: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Secret"];
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "secrets.set": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
                /** @description The ETag of the thing as it was seen: the update is refused when it has changed. */
                "If-Match"?: string | undefined;
            } | undefined;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    value?: (string | {
                        [key: string]: string;
                    }) | undefined;
                    description?: string | undefined;
                    allowedSteps?: (string[] | null) | undefined;
                    allowedOrigins?: (string[] | null) | undefined;
                    rotateAfterDays?: (number | null) | undefined;
                };
            };
        };
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    /** @description For `If-Match` of an update, and for `If-None-Match` where 304 is an answer. */
                    ETag: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Secret"];
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["MediaTypeUnsupported"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "secrets.delete": {
        parameters: {
            query?: never;
            header?: {
                /** @description The ETag of the thing as it was seen: the update is refused when it has changed. */
                "If-Match"?: string | undefined;
            } | undefined;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "secrets.sealingKeys": {
        parameters: {
            query?: {
                limit?: number | undefined;
                cursor?: string | undefined;
                sort?: ("-createdAt" | "createdAt") | undefined;
                agent?: string | undefined;
            } | undefined;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["SealingKey"][];
                        nextCursor: string | null;
                    };
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "secrets.recipients": {
        parameters: {
            query?: {
                limit?: number | undefined;
                cursor?: string | undefined;
                sort?: ("agent" | "-agent") | undefined;
            } | undefined;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["SealedRecipient"][];
                        nextCursor: string | null;
                    };
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "secrets.seal": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
                /** @description The ETag of the thing as it was seen: the update is refused when it has changed. */
                "If-Match"?: string | undefined;
            } | undefined;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    description?: string | undefined;
                    allowedSteps?: (string[] | null) | undefined;
                    allowedOrigins?: (string[] | null) | undefined;
                    rotateAfterDays?: (number | null) | undefined;
                    version: number;
                    sealed: {
                        /** Format: uuid */
                        agentId: string;
                        publicKey: string;
                        /** Format: base64 */
                        sealed: string;
                    }[];
                };
            };
        };
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    /** @description For `If-Match` of an update, and for `If-None-Match` where 304 is an answer. */
                    ETag: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Secret"];
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["MediaTypeUnsupported"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "secrets.versions": {
        parameters: {
            query?: {
                limit?: number | undefined;
                cursor?: string | undefined;
                sort?: ("-version" | "version") | undefined;
            } | undefined;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["SecretVersion"][];
                        nextCursor: string | null;
                    };
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "secrets.deleteVersion": {
        parameters: {
            query?: never;
            header?: {
                /** @description The ETag of the thing as it was seen: the update is refused when it has changed. */
                "If-Match"?: string | undefined;
            } | undefined;
            path: {
                name: string;
                version: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "secrets.rotateMaster": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    to?: string | undefined;
                };
            };
        };
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MasterRotation"];
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["MediaTypeUnsupported"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "jobs.list": {
        parameters: {
            query?: {
                limit?: number | undefined;
                cursor?: string | undefined;
                sort?: ("-createdAt" | "createdAt") | undefined;
                state?: ("pending" | "leased" | "running" | "paused" | "cancelling" | "succeeded" | "failed" | "timed_out" | "needs_review" | "cancelled") | undefined;
                workflow?: string | undefined;
                agent?: string | undefined;
                site?: string | undefined;
                since?: string | undefined;
                createdAfter?: string | undefined;
                createdBefore?: string | undefined;
                q?: string | undefined;
            } | undefined;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Job"][];
                        nextCursor: string | null;
                    };
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "jobs.submit": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    workflow: string;
                    input?: components["schemas"]["Json"] | undefined;
                    /** @default 50 */
                    priority?: number | undefined;
                    /** @default [] */
                    requires?: string[] | undefined;
                    site?: string | undefined;
                    agent?: string | undefined;
                    /** Format: date-time */
                    notBefore?: string | undefined;
                    /** Format: date-time */
                    deadline?: string | undefined;
                    concurrency?: {
                        key: string;
                        /** @default 1 */
                        limit?: number | undefined;
                    } | undefined;
                    concurrencyKey?: string | undefined;
                    /** @default 10 */
                    maxAttempts?: number | undefined;
                    retry?: {
                        attempts?: number | undefined;
                        backoffMs?: number | undefined;
                        factor?: number | undefined;
                        maxBackoffMs?: number | undefined;
                        jitter?: number | undefined;
                    } | undefined;
                    timeoutMs?: number | undefined;
                    attemptTimeoutMs?: number | undefined;
                };
            };
        };
        responses: {
            /** @description The answer. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["MediaTypeUnsupported"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "jobs.submitBulk": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    jobs: {
                        workflow: string;
                        input?: components["schemas"]["Json"] | undefined;
                        /** @default 50 */
                        priority?: number | undefined;
                        /** @default [] */
                        requires?: string[] | undefined;
                        site?: string | undefined;
                        agent?: string | undefined;
                        /** Format: date-time */
                        notBefore?: string | undefined;
                        /** Format: date-time */
                        deadline?: string | undefined;
                        concurrency?: {
                            key: string;
                            /** @default 1 */
                            limit?: number | undefined;
                        } | undefined;
                        concurrencyKey?: string | undefined;
                        /** @default 10 */
                        maxAttempts?: number | undefined;
                        retry?: {
                            attempts?: number | undefined;
                            backoffMs?: number | undefined;
                            factor?: number | undefined;
                            maxBackoffMs?: number | undefined;
                            jitter?: number | undefined;
                        } | undefined;
                        timeoutMs?: number | undefined;
                        attemptTimeoutMs?: number | undefined;
                    }[];
                };
            };
        };
        responses: {
            /** @description The answer. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobIds"];
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["MediaTypeUnsupported"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "jobs.get": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    /** @description For `If-Match` of an update, and for `If-None-Match` where 304 is an answer. */
                    ETag: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            /** @description What `If-None-Match` named is still so. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "jobs.attempts": {
        parameters: {
            query?: {
                limit?: number | undefined;
                cursor?: string | undefined;
                sort?: "leasedAt" | undefined;
            } | undefined;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Attempt"][];
                        nextCursor: string | null;
                    };
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "jobs.steps": {
        parameters: {
            query?: {
                limit?: number | undefined;
                cursor?: string | undefined;
                sort?: "startedAt" | undefined;
            } | undefined;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Step"][];
                        nextCursor: string | null;
                    };
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "jobs.logs": {
        parameters: {
            query?: {
                limit?: number | undefined;
                cursor?: string | undefined;
                sort?: "at" | undefined;
            } | undefined;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["LogLine"][];
                        nextCursor: string | null;
                    };
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "jobs.artifacts": {
        parameters: {
            query?: {
                limit?: number | undefined;
                cursor?: string | undefined;
                sort?: "kind" | undefined;
            } | undefined;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Artifact"][];
                        nextCursor: string | null;
                    };
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "jobs.record": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The bytes. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/zip": unknown;
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "jobs.whyPending": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    /** @description For `If-Match` of an update, and for `If-None-Match` where 304 is an answer. */
                    ETag: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WhyPending"];
                };
            };
            /** @description What `If-None-Match` named is still so. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "jobs.cancel": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "jobs.pause": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "jobs.resume": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "jobs.retry": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "jobs.review": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @enum {string} */
                    decision: "continue" | "retry" | "succeed" | "fail";
                    output?: components["schemas"]["Json"] | undefined;
                    reason: string;
                };
            };
        };
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["MediaTypeUnsupported"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "deadLetters.list": {
        parameters: {
            query?: {
                limit?: number | undefined;
                cursor?: string | undefined;
                sort?: ("-createdAt" | "createdAt") | undefined;
                reason?: ("permanent" | "ambiguous" | "exhausted") | undefined;
                workflow?: string | undefined;
                code?: string | undefined;
                since?: string | undefined;
                createdAfter?: string | undefined;
                createdBefore?: string | undefined;
            } | undefined;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["DeadLetter"][];
                        nextCursor: string | null;
                    };
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "deadLetters.counts": {
        parameters: {
            query?: {
                reason?: ("permanent" | "ambiguous" | "exhausted") | undefined;
                workflow?: string | undefined;
                code?: string | undefined;
                since?: string | undefined;
                createdAfter?: string | undefined;
                createdBefore?: string | undefined;
            } | undefined;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeadLetterCounts"];
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "deadLetters.get": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    /** @description For `If-Match` of an update, and for `If-None-Match` where 304 is an answer. */
                    ETag: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeadLetterDetails"];
                };
            };
            /** @description What `If-None-Match` named is still so. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "deadLetters.retry": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    ids: string[];
                } | {
                    filter: {
                        /** @enum {string} */
                        reason?: ("permanent" | "ambiguous" | "exhausted") | undefined;
                        workflow?: string | undefined;
                        code?: string | undefined;
                        /** Format: date-time */
                        since?: string | undefined;
                        /** Format: date-time */
                        createdAfter?: string | undefined;
                        /** Format: date-time */
                        createdBefore?: string | undefined;
                    };
                };
            };
        };
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeadLettersDone"];
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["MediaTypeUnsupported"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "deadLetters.purge": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    ids: string[];
                } | {
                    filter: {
                        /** @enum {string} */
                        reason?: ("permanent" | "ambiguous" | "exhausted") | undefined;
                        workflow?: string | undefined;
                        code?: string | undefined;
                        /** Format: date-time */
                        since?: string | undefined;
                        /** Format: date-time */
                        createdAfter?: string | undefined;
                        /** Format: date-time */
                        createdBefore?: string | undefined;
                    };
                };
            };
        };
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeadLettersDone"];
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["MediaTypeUnsupported"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "jobActions.run": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @enum {string} */
                    action: "cancel" | "pause" | "resume" | "retry";
                    filter: {
                        /** @enum {string} */
                        state?: ("pending" | "leased" | "running" | "paused" | "cancelling" | "succeeded" | "failed" | "timed_out" | "needs_review" | "cancelled") | undefined;
                        workflow?: string | undefined;
                        /** Format: uuid */
                        agent?: string | undefined;
                        site?: string | undefined;
                        /** Format: date-time */
                        since?: string | undefined;
                        /** Format: date-time */
                        createdAfter?: string | undefined;
                        /** Format: date-time */
                        createdBefore?: string | undefined;
                        q?: string | undefined;
                    };
                    /** @default 500 */
                    limit?: number | undefined;
                    /** @default false */
                    dryRun?: boolean | undefined;
                };
            };
        };
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobActionDone"];
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["MediaTypeUnsupported"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "artifacts.get": {
        parameters: {
            query?: {
                redirect?: ("0" | "1") | undefined;
            } | undefined;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The bytes. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "*/*": unknown;
                };
            };
            /** @description The part of the bytes that `Range` asked for. */
            206: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "*/*": unknown;
                };
            };
            /** @description The bytes are fetched from the address in `Location`, which is good for a minute: a bucket. */
            302: {
                headers: {
                    Location?: string | undefined;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description What `If-None-Match` named is still so. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            412: components["responses"]["PreconditionFailed"];
            416: components["responses"]["RangeNotSatisfiable"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "artifacts.link": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @default 300 */
                    ttlSeconds?: number | undefined;
                };
            };
        };
        responses: {
            /** @description The answer. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ArtifactLink"];
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["MediaTypeUnsupported"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "artifacts.linked": {
        parameters: {
            query?: {
                token?: string | undefined;
            } | undefined;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The bytes. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "*/*": unknown;
                };
            };
            /** @description The part of the bytes that `Range` asked for. */
            206: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "*/*": unknown;
                };
            };
            /** @description The bytes are fetched from the address in `Location`, which is good for a minute: a bucket. */
            302: {
                headers: {
                    Location?: string | undefined;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description What `If-None-Match` named is still so. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            412: components["responses"]["PreconditionFailed"];
            416: components["responses"]["RangeNotSatisfiable"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "routes.list": {
        parameters: {
            query?: {
                limit?: number | undefined;
                cursor?: string | undefined;
                sort?: ("-id" | "id") | undefined;
                site?: string | undefined;
            } | undefined;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Route"][];
                        nextCursor: string | null;
                    };
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "routes.get": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    /** @description For `If-Match` of an update, and for `If-None-Match` where 304 is an answer. */
                    ETag: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Route"];
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "routes.act": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
                /** @description The ETag of the thing as it was seen: the update is refused when it has changed. */
                "If-Match"?: string | undefined;
            } | undefined;
            path: {
                id: string;
                action: "pause" | "resume";
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    /** @description For `If-Match` of an update, and for `If-None-Match` where 304 is an answer. */
                    ETag: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Route"];
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "maintenance.list": {
        parameters: {
            query?: {
                limit?: number | undefined;
                cursor?: string | undefined;
                sort?: ("-createdAt" | "createdAt") | undefined;
            } | undefined;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["MaintenanceWindow"][];
                        nextCursor: string | null;
                    };
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "maintenance.create": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @enum {string} */
                    scope: "route" | "site" | "agent";
                    target: string;
                    reason: string;
                    times: {
                        /** @constant */
                        kind: "always";
                    } | {
                        /** @constant */
                        kind: "once";
                        /** Format: date-time */
                        from: string;
                        /** Format: date-time */
                        to: string;
                    } | {
                        /** @constant */
                        kind: "weekly";
                        days: number[];
                        start: string;
                        minutes: number;
                        timeZone: string;
                    };
                };
            };
        };
        responses: {
            /** @description The answer. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MaintenanceWindow"];
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["MediaTypeUnsupported"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "maintenance.remove": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "schedules.list": {
        parameters: {
            query?: {
                limit?: number | undefined;
                cursor?: string | undefined;
                sort?: ("-createdAt" | "createdAt") | undefined;
                name?: string | undefined;
                q?: string | undefined;
            } | undefined;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Schedule"][];
                        nextCursor: string | null;
                    };
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "schedules.create": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    name: string;
                    cron: string;
                    /** @default UTC */
                    timeZone?: string | undefined;
                    job: components["schemas"]["ScheduledJob"];
                    /**
                     * @default skip
                     * @enum {string}
                     */
                    overlap?: ("skip" | "queue" | "cancel") | undefined;
                    /**
                     * @default {
                     *       "kind": "none"
                     *     }
                     */
                    catchUp?: ({
                        /** @constant */
                        kind: "none";
                    } | {
                        /** @constant */
                        kind: "last";
                    } | {
                        /** @constant */
                        kind: "all";
                        /** @default 10 */
                        limit?: number | undefined;
                    }) | undefined;
                    /** @default true */
                    enabled?: boolean | undefined;
                };
            };
        };
        responses: {
            /** @description The answer. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Schedule"];
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["MediaTypeUnsupported"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "schedules.preview": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    cron: string;
                    /** @default UTC */
                    timeZone?: string | undefined;
                };
            };
        };
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        nextRuns: string[];
                    };
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["MediaTypeUnsupported"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "schedules.get": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    /** @description For `If-Match` of an update, and for `If-None-Match` where 304 is an answer. */
                    ETag: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Schedule"];
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "schedules.update": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
                /** @description The ETag of the thing as it was seen: the update is refused when it has changed. */
                "If-Match"?: string | undefined;
            } | undefined;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    name: string;
                    cron: string;
                    /** @default UTC */
                    timeZone?: string | undefined;
                    job: components["schemas"]["ScheduledJob"];
                    /**
                     * @default skip
                     * @enum {string}
                     */
                    overlap?: ("skip" | "queue" | "cancel") | undefined;
                    /**
                     * @default {
                     *       "kind": "none"
                     *     }
                     */
                    catchUp?: ({
                        /** @constant */
                        kind: "none";
                    } | {
                        /** @constant */
                        kind: "last";
                    } | {
                        /** @constant */
                        kind: "all";
                        /** @default 10 */
                        limit?: number | undefined;
                    }) | undefined;
                    /** @default true */
                    enabled?: boolean | undefined;
                };
            };
        };
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    /** @description For `If-Match` of an update, and for `If-None-Match` where 304 is an answer. */
                    ETag: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Schedule"];
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["MediaTypeUnsupported"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "schedules.remove": {
        parameters: {
            query?: never;
            header?: {
                /** @description The ETag of the thing as it was seen: the update is refused when it has changed. */
                "If-Match"?: string | undefined;
            } | undefined;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "schedules.firings": {
        parameters: {
            query?: {
                limit?: number | undefined;
                cursor?: string | undefined;
                sort?: ("-firedAt" | "firedAt") | undefined;
            } | undefined;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Firing"][];
                        nextCursor: string | null;
                    };
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "schedules.trigger": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Firing"];
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "schedules.act": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
                /** @description The ETag of the thing as it was seen: the update is refused when it has changed. */
                "If-Match"?: string | undefined;
            } | undefined;
            path: {
                id: string;
                action: "enable" | "disable";
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    /** @description For `If-Match` of an update, and for `If-None-Match` where 304 is an answer. */
                    ETag: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Schedule"];
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "alertChannels.list": {
        parameters: {
            query?: {
                limit?: number | undefined;
                cursor?: string | undefined;
                sort?: ("-createdAt" | "createdAt" | "name" | "-name") | undefined;
                q?: string | undefined;
            } | undefined;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["AlertChannel"][];
                        nextCursor: string | null;
                    };
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "alertChannels.create": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @constant */
                    kind: "email";
                    name: string;
                    to: string[];
                } | {
                    /** @constant */
                    kind: "webhook";
                    name: string;
                    /** Format: uri */
                    url: string;
                };
            };
        };
        responses: {
            /** @description The answer. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewAlertChannel"];
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["MediaTypeUnsupported"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "alertChannels.test": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        delivered: boolean;
                        reason: string | null;
                    };
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "alertChannels.remove": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "alertRules.list": {
        parameters: {
            query?: {
                limit?: number | undefined;
                cursor?: string | undefined;
                sort?: ("-createdAt" | "createdAt" | "name" | "-name") | undefined;
                q?: string | undefined;
            } | undefined;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["AlertRule"][];
                        nextCursor: string | null;
                    };
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "alertRules.create": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @constant */
                    kind: "job.failed";
                    name: string;
                    channels: string[];
                    /** @default false */
                    cleared?: boolean | undefined;
                    /** @default true */
                    enabled?: boolean | undefined;
                    workflow?: string | undefined;
                } | {
                    /** @constant */
                    kind: "job.needs_review";
                    name: string;
                    channels: string[];
                    /** @default false */
                    cleared?: boolean | undefined;
                    /** @default true */
                    enabled?: boolean | undefined;
                    workflow?: string | undefined;
                } | {
                    /** @constant */
                    kind: "agent.offline";
                    name: string;
                    channels: string[];
                    /** @default false */
                    cleared?: boolean | undefined;
                    /** @default true */
                    enabled?: boolean | undefined;
                    /** @default 10 */
                    minutes?: number | undefined;
                } | {
                    /** @constant */
                    kind: "certificate.expiring";
                    name: string;
                    channels: string[];
                    /** @default false */
                    cleared?: boolean | undefined;
                    /** @default true */
                    enabled?: boolean | undefined;
                    /** @default 14 */
                    days?: number | undefined;
                };
            };
        };
        responses: {
            /** @description The answer. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AlertRule"];
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["MediaTypeUnsupported"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "alertRules.get": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    /** @description For `If-Match` of an update, and for `If-None-Match` where 304 is an answer. */
                    ETag: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AlertRule"];
                };
            };
            /** @description What `If-None-Match` named is still so. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "alertRules.remove": {
        parameters: {
            query?: never;
            header?: {
                /** @description The ETag of the thing as it was seen: the update is refused when it has changed. */
                "If-Match"?: string | undefined;
            } | undefined;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "alertRules.act": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
                /** @description The ETag of the thing as it was seen: the update is refused when it has changed. */
                "If-Match"?: string | undefined;
            } | undefined;
            path: {
                id: string;
                action: "enable" | "disable";
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    /** @description For `If-Match` of an update, and for `If-None-Match` where 304 is an answer. */
                    ETag: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AlertRule"];
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "alerts.list": {
        parameters: {
            query?: {
                limit?: number | undefined;
                cursor?: string | undefined;
                sort?: ("-raisedAt" | "raisedAt") | undefined;
                open?: ("true" | "false") | undefined;
            } | undefined;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Alert"][];
                        nextCursor: string | null;
                    };
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "events.stream": {
        parameters: {
            query?: {
                job?: string | undefined;
                lastEventId?: string | undefined;
            } | undefined;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Server-sent events. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": unknown;
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "trust.status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TrustStatus"];
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "trust.bundle": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Bundle"];
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "trust.expirations": {
        parameters: {
            query?: {
                within?: number | undefined;
                limit?: number | undefined;
            } | undefined;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Expiration"][];
                        more: boolean;
                    };
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "trust.certificates": {
        parameters: {
            query?: {
                limit?: number | undefined;
                cursor?: string | undefined;
                sort?: ("-createdAt" | "createdAt") | undefined;
                agent?: string | undefined;
                state?: ("pending" | "current" | "superseded" | "revoked") | undefined;
            } | undefined;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Certificate"][];
                        nextCursor: string | null;
                    };
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "trust.certificate": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                serial: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    /** @description For `If-Match` of an update, and for `If-None-Match` where 304 is an answer. */
                    ETag: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Certificate"];
                };
            };
            /** @description What `If-None-Match` named is still so. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "trust.revoke": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path: {
                serial: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    reason: string;
                    ifRev?: number | undefined;
                    /** @default false */
                    dryRun?: boolean | undefined;
                };
            };
        };
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Certificate"];
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["MediaTypeUnsupported"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "locks.list": {
        parameters: {
            query?: {
                limit?: number | undefined;
                cursor?: string | undefined;
                sort?: ("-createdAt" | "createdAt") | undefined;
                held?: ("true" | "false") | undefined;
            } | undefined;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Lock"][];
                        nextCursor: string | null;
                    };
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "locks.create": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @enum {string} */
                    kind: "agent" | "tenant" | "serial" | "ca";
                    target: string;
                    reason: string;
                    ttlSeconds?: number | undefined;
                    ifRev?: number | undefined;
                    /** @default false */
                    dryRun?: boolean | undefined;
                };
            };
        };
        responses: {
            /** @description The answer. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Lock"];
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["MediaTypeUnsupported"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "locks.lift": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    reason?: string | undefined;
                    ifRev?: number | undefined;
                    /** @default false */
                    dryRun?: boolean | undefined;
                };
            };
        };
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Lock"];
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["MediaTypeUnsupported"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "rotations.list": {
        parameters: {
            query?: {
                limit?: number | undefined;
                cursor?: string | undefined;
                sort?: ("-startedAt" | "startedAt") | undefined;
            } | undefined;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Rotation"][];
                        nextCursor: string | null;
                    };
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "rotations.start": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @enum {string} */
                    kind: "server_root" | "agent_root" | "server_ca" | "agent_ca";
                    /** @default false */
                    emergency?: boolean | undefined;
                    /** @default false */
                    automatic?: boolean | undefined;
                    /** @default 30 */
                    seenDays?: number | undefined;
                    /** Format: uuid */
                    authority?: string | undefined;
                    /** @default  */
                    reason?: string | undefined;
                    ifRev?: number | undefined;
                    /** @default false */
                    dryRun?: boolean | undefined;
                };
            };
        };
        responses: {
            /** @description The answer. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Rotation"];
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["MediaTypeUnsupported"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "rotations.get": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    /** @description For `If-Match` of an update, and for `If-None-Match` where 304 is an answer. */
                    ETag: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Rotation"];
                };
            };
            /** @description What `If-None-Match` named is still so. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "rotations.stragglers": {
        parameters: {
            query?: {
                limit?: number | undefined;
                cursor?: string | undefined;
                sort?: "id" | undefined;
                leftBehind?: ("true" | "false") | undefined;
            } | undefined;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Straggler"][];
                        nextCursor: string | null;
                    };
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "rotations.advance": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @default false */
                    leaveStragglers?: boolean | undefined;
                    /** @enum {string} */
                    from?: ("standby" | "prepare" | "issue" | "serve" | "retire" | "rollback") | undefined;
                    ifRev?: number | undefined;
                    /** @default false */
                    dryRun?: boolean | undefined;
                };
            };
        };
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Rotation"];
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["MediaTypeUnsupported"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "rotations.rollback": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    reason: string;
                    /** @enum {string} */
                    from?: ("standby" | "prepare" | "issue" | "serve" | "retire" | "rollback") | undefined;
                    ifRev?: number | undefined;
                    /** @default false */
                    dryRun?: boolean | undefined;
                };
            };
        };
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Rotation"];
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["MediaTypeUnsupported"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "authorities.list": {
        parameters: {
            query?: {
                limit?: number | undefined;
                cursor?: string | undefined;
                sort?: ("-createdAt" | "createdAt") | undefined;
            } | undefined;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["AuthorityRequest"][];
                        nextCursor: string | null;
                    };
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "authorities.request": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @enum {string} */
                    kind: "server_ca" | "agent_ca";
                    tenant?: string | undefined;
                    ifRev?: number | undefined;
                    /** @default false */
                    dryRun?: boolean | undefined;
                };
            };
        };
        responses: {
            /** @description The answer. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuthorityRequest"];
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["MediaTypeUnsupported"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "authorities.import": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    certificatePem: string;
                    ifRev?: number | undefined;
                    /** @default false */
                    dryRun?: boolean | undefined;
                };
            };
        };
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Authority"];
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["MediaTypeUnsupported"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "tenants.list": {
        parameters: {
            query?: {
                limit?: number | undefined;
                cursor?: string | undefined;
                sort?: ("id" | "-id") | undefined;
                q?: string | undefined;
            } | undefined;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["TenantSummary"][];
                        nextCursor: string | null;
                    };
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "tenants.create": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
            } | undefined;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    id: string;
                    name: string;
                    /** Format: email */
                    owner: string;
                    /** @default 604800 */
                    ttlSeconds?: number | undefined;
                    /** @default {} */
                    quotas?: {
                        agents?: (number | null) | undefined;
                        concurrentJobs?: (number | null) | undefined;
                        queuedJobs?: (number | null) | undefined;
                        storedBytes?: (number | null) | undefined;
                    } | undefined;
                };
            };
        };
        responses: {
            /** @description The answer. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewTenant"];
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["MediaTypeUnsupported"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "tenants.get": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    /** @description For `If-Match` of an update, and for `If-None-Match` where 304 is an answer. */
                    ETag: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tenant"];
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "tenants.delete": {
        parameters: {
            query?: {
                confirm?: string | undefined;
            } | undefined;
            header?: {
                /** @description The ETag of the thing as it was seen: the update is refused when it has changed. */
                "If-Match"?: string | undefined;
            } | undefined;
            path: {
                tenant: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Deletion"];
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "tenants.suspend": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
                /** @description The ETag of the thing as it was seen: the update is refused when it has changed. */
                "If-Match"?: string | undefined;
            } | undefined;
            path: {
                tenant: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    reason: string;
                };
            };
        };
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    /** @description For `If-Match` of an update, and for `If-None-Match` where 304 is an answer. */
                    ETag: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tenant"];
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["MediaTypeUnsupported"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "tenants.resume": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
                /** @description The ETag of the thing as it was seen: the update is refused when it has changed. */
                "If-Match"?: string | undefined;
            } | undefined;
            path: {
                tenant: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    /** @description For `If-Match` of an update, and for `If-None-Match` where 304 is an answer. */
                    ETag: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tenant"];
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "tenants.setQuotas": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
                /** @description The ETag of the thing as it was seen: the update is refused when it has changed. */
                "If-Match"?: string | undefined;
            } | undefined;
            path: {
                tenant: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    agents?: (number | null) | undefined;
                    concurrentJobs?: (number | null) | undefined;
                    queuedJobs?: (number | null) | undefined;
                    storedBytes?: (number | null) | undefined;
                };
            };
        };
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    /** @description For `If-Match` of an update, and for `If-None-Match` where 304 is an answer. */
                    ETag: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tenant"];
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["MediaTypeUnsupported"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "tenants.setRetention": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
                /** @description The ETag of the thing as it was seen: the update is refused when it has changed. */
                "If-Match"?: string | undefined;
            } | undefined;
            path: {
                tenant: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    jobsDays?: (number | null) | undefined;
                    logsDays?: (number | null) | undefined;
                    artifactsDays?: (number | null) | undefined;
                };
            };
        };
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    /** @description For `If-Match` of an update, and for `If-None-Match` where 304 is an answer. */
                    ETag: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tenant"];
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["MediaTypeUnsupported"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "tenants.export": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The bytes. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/zip": unknown;
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "tenants.deletion": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    /** @description For `If-Match` of an update, and for `If-None-Match` where 304 is an answer. */
                    ETag: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Deletion"];
                };
            };
            /** @description What `If-None-Match` named is still so. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "tenant.get": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    /** @description For `If-Match` of an update, and for `If-None-Match` where 304 is an answer. */
                    ETag: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tenant"];
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
    "tenant.setRetention": {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key with the same request is answered with the same result. */
                "Idempotency-Key"?: string | undefined;
                /** @description The ETag of the thing as it was seen: the update is refused when it has changed. */
                "If-Match"?: string | undefined;
            } | undefined;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    jobsDays?: (number | null) | undefined;
                    logsDays?: (number | null) | undefined;
                    artifactsDays?: (number | null) | undefined;
                };
            };
        };
        responses: {
            /** @description The answer. */
            200: {
                headers: {
                    /** @description For `If-Match` of an update, and for `If-None-Match` where 304 is an answer. */
                    ETag: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tenant"];
                };
            };
            400: components["responses"]["Invalid"];
            401: components["responses"]["Unauthenticated"];
            403: components["responses"]["Denied"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["TooLarge"];
            415: components["responses"]["MediaTypeUnsupported"];
            422: components["responses"]["Unprocessable"];
            429: components["responses"]["Busy"];
            431: components["responses"]["HeadTooLarge"];
            503: components["responses"]["Unavailable"];
        };
    };
}
