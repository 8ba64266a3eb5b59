Feature: Secrets
  A secret is there for what it is used for, and nowhere else.

  Scenario: Authenticates a call, and is in nothing that is recorded
    Given a workflow with definition:
      """yaml
      document: { dsl: '1.0.3', namespace: features, name: secret-basic, version: '1.0.0' }
      use: { secrets: [login], authentications: { shop: { basic: { use: login } } } }
      do:
        - ask:
            call: http
            with: { method: get, endpoint: { uri: https://httpbin.org/basic-auth/anna/correct-horse, authentication: { use: shop } } }
            output: { as: '{ known: .authenticated }' }
      """
    And the secrets:
      """yaml
      login: { username: anna, password: correct-horse }
      key: top-secret-key
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      known: true
      """
    And nothing recorded should hold 'correct-horse'

  Scenario: Is a handle in expressions, masked in outputs
    Given a workflow with definition:
      """yaml
      document: { dsl: '1.0.3', namespace: features, name: secret-handle, version: '1.0.0' }
      use: { secrets: [key] }
      do:
        - ask:
            input: { from: '{ key: $secrets.key }' }
            call: http
            with: { method: post, endpoint: https://echo.example/x, body: { key: '${ .key }' } }
            output: { as: '{ same: (.key == "***"), length: ($input.key | length) }' }
      """
    And the secrets:
      """yaml
      login: { username: anna, password: correct-horse }
      key: top-secret-key
      """
    And the server answers POST echo.example/x with:
      """yaml
      [ { body: { key: top-secret-key } } ]
      """
    When the workflow is executed
    Then the workflow output should have properties 'length'
    And the workflow output should have a 'same' property with value:
      """yaml
      true
      """
    And nothing recorded should hold 'top-secret-key'

  Scenario: Is refused outside of input.from
    Given a workflow with definition:
      """yaml
      document: { dsl: '1.0.3', namespace: features, name: secret-elsewhere, version: '1.0.0' }
      use: { secrets: [key] }
      do:
        - tell: { set: { key: '${ $secrets.key }' } }
      """
    Then the definition should be refused at /do/0/tell/set/key: `$secrets` is only there in `input.from`

  Scenario: Is refused when it is not declared
    Given a workflow with definition:
      """yaml
      document: { dsl: '1.0.3', namespace: features, name: secret-undeclared, version: '1.0.0' }
      do:
        - tell: { input: { from: $secrets.key }, set: { x: 1 } }
      """
    Then the definition should be refused at /do/0/tell/input/from: is not declared
