Feature: HTTP and OpenAPI Calls
  What the kit leaves out of calls: bodies, redirects, status, parameters.

  Scenario: A redirect is an error unless the document follows it
    Given a workflow with definition:
      """yaml
      document: { dsl: '1.0.3', namespace: features, name: redirect-error, version: '1.0.0' }
      do:
        - ask: { call: http, with: { method: get, endpoint: https://old.example/x } }
      """
    And the server answers GET old.example/x with:
      """yaml
      [ { status: 301, headers: { location: "https://new.example/y" } } ]
      """
    When the workflow is executed
    Then the workflow should fault with error:
      """yaml
      type: https://open-workflow-specification.org/spec/1.0.0/errors/communication
      status: 301
      """

  Scenario: A redirect that the document follows
    Given a workflow with definition:
      """yaml
      document: { dsl: '1.0.3', namespace: features, name: redirect, version: '1.0.0' }
      do:
        - ask: { call: http, with: { method: get, endpoint: https://old.example/x, redirect: true } }
      """
    And the server answers GET old.example/x with:
      """yaml
      [ { status: 301, headers: { location: "https://new.example/y" } } ]
      """
    And the server answers GET new.example/y with:
      """yaml
      [ { body: { here: true } } ]
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      here: true
      """
    And the server should have been asked:
      """yaml
      [ GET old.example/x, GET new.example/y ]
      """

  Scenario: Raw output is base64
    Given a workflow with definition:
      """yaml
      document: { dsl: '1.0.3', namespace: features, name: raw, version: '1.0.0' }
      do:
        - ask: { call: http, with: { method: get, endpoint: https://raw.example/x, output: raw } }
      """
    And the server answers GET raw.example/x with:
      """yaml
      [ { body: { a: 1 } } ]
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      eyJhIjoxfQ==
      """

  Scenario: Query parameters, with what an address already has
    Given a workflow with definition:
      """yaml
      document: { dsl: '1.0.3', namespace: features, name: query, version: '1.0.0' }
      do:
        - ask: { call: http, with: { method: get, endpoint: 'https://q.example/x?a=1', query: { b: '${ .n }', c: [x, y] } } }
      """
    And given the workflow input is:
      """yaml
      n: 2
      """
    And the server answers GET q.example/x with:
      """yaml
      [ { body: {} } ]
      """
    When the workflow is executed
    Then the workflow should complete
    And the server should have been asked:
      """yaml
      [ "GET q.example/x?a=1&b=2&c=x&c=y" ]
      """

  Scenario: A function of the document
    Given a workflow with definition:
      """yaml
      document: { dsl: '1.0.3', namespace: features, name: function, version: '1.0.0' }
      use:
        functions:
          pet: { call: http, with: { method: get, endpoint: 'https://petstore.swagger.io/v2/pet/{petId}' }, output: { as: .name } }
      do:
        - ask: { call: pet, with: { petId: 3 } }
      """
    When the workflow is executed
    Then the workflow should complete with output:
      """yaml
      Milou
      """

  Scenario: A post that may have acted is never repeated unasked
    Given a workflow with definition:
      """yaml
      document: { dsl: '1.0.3', namespace: features, name: in-doubt, version: '1.0.0' }
      do:
        - tried:
            try: [ { order: { call: http, with: { method: post, endpoint: https://shop.example/orders, body: { n: 1 } } } } ]
            catch: { retry: { limit: { attempt: { count: 3 } } } }
      """
    And the server answers POST shop.example/orders with:
      """yaml
      [ { status: 502 } ]
      """
    When the workflow is executed
    Then the workflow should be suspended at /do/0/tried{1}/try/0/order
    And the server should have been asked:
      """yaml
      [ POST shop.example/orders ]
      """
