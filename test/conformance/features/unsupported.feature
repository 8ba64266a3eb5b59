Feature: Unsupported Tasks
  What this runtime refuses is refused before anything runs, at its line, with the reason.

  Scenario: Listening to events
    Given a workflow with definition:
      """yaml
      document: { dsl: '1.0.3', namespace: features, name: unsupported, version: '1.0.0' }
      do:
        - it: { listen: { to: { one: { with: { type: x } } } } }
      """
    Then the definition should be refused at /do/0/it/listen: `listen` is not supported yet

  Scenario: Containers
    Given a workflow with definition:
      """yaml
      document: { dsl: '1.0.3', namespace: features, name: unsupported, version: '1.0.0' }
      do:
        - it: { run: { container: { image: x } } }
      """
    Then the definition should be refused at /do/0/it/run/container: `run.container` is refused

  Scenario: Scripts
    Given a workflow with definition:
      """yaml
      document: { dsl: '1.0.3', namespace: features, name: unsupported, version: '1.0.0' }
      do:
        - it: { run: { script: { language: js, code: x } } }
      """
    Then the definition should be refused at /do/0/it/run/script: `run.script` is refused

  Scenario: Shells
    Given a workflow with definition:
      """yaml
      document: { dsl: '1.0.3', namespace: features, name: unsupported, version: '1.0.0' }
      do:
        - it: { run: { shell: { command: x } } }
      """
    Then the definition should be refused at /do/0/it/run/shell: `run.shell` is refused

  Scenario: gRPC
    Given a workflow with definition:
      """yaml
      document: { dsl: '1.0.3', namespace: features, name: unsupported, version: '1.0.0' }
      do:
        - it: { call: grpc, with: { } }
      """
    Then the definition should be refused at /do/0/it/call: `call: grpc` is not supported

  Scenario: AsyncAPI
    Given a workflow with definition:
      """yaml
      document: { dsl: '1.0.3', namespace: features, name: unsupported, version: '1.0.0' }
      do:
        - it: { call: asyncapi, with: { } }
      """
    Then the definition should be refused at /do/0/it/call: `call: asyncapi` is not supported

  Scenario: Remote catalogues
    Given a workflow with definition:
      """yaml
      document: { dsl: '1.0.3', namespace: features, name: unsupported, version: '1.0.0' }
      do:
        - it: { call: "log:1.0.0@global", with: { message: x } }
      """
    Then the definition should be refused at /do/0/it/call: remote catalogues are refused

  Scenario: Unknown steps
    Given a workflow with definition:
      """yaml
      document: { dsl: '1.0.3', namespace: features, name: unsupported, version: '1.0.0' }
      do:
        - it: { call: browser.clik, with: { target: x } }
      """
    Then the definition should be refused at /do/0/it/call: did you mean `browser.click`

  Scenario: Schedules
    Given a workflow with definition:
      """yaml
      document: { dsl: '1.0.3', namespace: features, name: scheduled, version: '1.0.0' }
      schedule: { every: { minutes: 5 } }
      do:
        - it: { set: { x: 1 } }
      """
    Then the definition should be refused at /schedule: schedules are made in the control plane
