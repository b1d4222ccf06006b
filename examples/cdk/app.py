"""A function behind Foyer's guard, in a stack of its own: /orders/api/orders of Foyer's domain."""

import os
from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_apigatewayv2 as api_gateway
from aws_cdk import aws_lambda
from aws_cdk.aws_apigatewayv2_authorizers import HttpLambdaAuthorizer, HttpLambdaResponseType
from aws_cdk.aws_apigatewayv2_integrations import HttpLambdaIntegration

FOYER = os.environ.get("FOYER_STACK", "foyer")  # in the same account and region, with AppDomainName


class Orders(cdk.Stack):
    def __init__(self, scope: cdk.App, name: str) -> None:
        super().__init__(scope, name)
        guard = aws_lambda.Function.from_function_attributes(
            self,
            "Guard",
            function_arn=cdk.Fn.import_value(f"{FOYER}-GuardFunctionArn"),
            same_environment=True,  # so that CDK lets this API, and no other, call it
        )
        api = api_gateway.HttpApi(
            self,
            "Api",
            disable_execute_api_endpoint=True,  # reached through Foyer's domain only
            default_authorizer=HttpLambdaAuthorizer(
                "SignedIn",
                guard,
                response_types=[HttpLambdaResponseType.SIMPLE],
                identity_source=[],
                results_cache_ttl=cdk.Duration.seconds(0),  # a cached answer skips the CSRF check
            ),
        )
        orders = aws_lambda.Function(
            self,
            "Orders",
            runtime=aws_lambda.Runtime.PYTHON_3_13,
            handler="app.handler",
            code=aws_lambda.Code.from_asset(str(Path(__file__).parent / "orders")),
        )
        api.add_routes(
            path="/api/orders",
            methods=[api_gateway.HttpMethod.GET],
            integration=HttpLambdaIntegration("OrdersIntegration", orders),
        )
        api_gateway.CfnApiMapping(
            self,
            "Mapping",
            api_id=api.api_id,
            api_mapping_key="orders",
            domain_name=cdk.Fn.import_value(f"{FOYER}-AppDomainName"),
            stage=api.default_stage.stage_name,
        )


app = cdk.App()
Orders(app, "orders")
app.synth()
