// The peer: does with a provider block what hashicorp/aws does with it, by the library
// that hashicorp/aws does it with, and sends SES one request.
//
// Reads the block as JSON from stdin, with environment and files as they are. Writes what
// went wrong to stdout, as JSON, and nothing where all went well.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	"github.com/aws/aws-sdk-go-v2/service/ses"
	awsbase "github.com/hashicorp/aws-sdk-go-base/v2"
	"github.com/hashicorp/aws-sdk-go-base/v2/diag"
	"github.com/hashicorp/aws-sdk-go-base/v2/validation"
)

// hashicorp/aws's default, of which this program has no time to wait for the end.
const maxRetries = 2

// block is the provider block, with hashicorp/aws's names.
type block struct {
	Region         string `json:"region"`
	Profile        string `json:"profile"`
	AccessKey      string `json:"access_key"`
	SecretKey      string `json:"secret_key"`
	Token          string `json:"token"`
	CustomCABundle string `json:"custom_ca_bundle"`

	SharedConfigFiles      []string `json:"shared_config_files"`
	SharedCredentialsFiles []string `json:"shared_credentials_files"`

	SkipMetadataAPICheck           string `json:"skip_metadata_api_check"`
	EC2MetadataServiceEndpoint     string `json:"ec2_metadata_service_endpoint"`
	EC2MetadataServiceEndpointMode string `json:"ec2_metadata_service_endpoint_mode"`

	AllowedAccountIDs         []string `json:"allowed_account_ids"`
	ForbiddenAccountIDs       []string `json:"forbidden_account_ids"`
	SkipCredentialsValidation bool     `json:"skip_credentials_validation"`
	SkipRequestingAccountID   bool     `json:"skip_requesting_account_id"`
	SkipRegionValidation      bool     `json:"skip_region_validation"`

	HTTPProxy            *string `json:"http_proxy"`
	HTTPSProxy           *string `json:"https_proxy"`
	NoProxy              string  `json:"no_proxy"`
	Insecure             bool    `json:"insecure"`
	MaxRetries           int     `json:"max_retries"`
	RetryMode            string  `json:"retry_mode"`
	STSRegion            string  `json:"sts_region"`
	UseFIPSEndpoint      bool    `json:"use_fips_endpoint"`
	UseDualStackEndpoint bool    `json:"use_dualstack_endpoint"`

	Endpoints struct {
		SES string `json:"ses"`
		STS string `json:"sts"`
		SSO string `json:"sso"`
	} `json:"endpoints"`
	AssumeRole                []role `json:"assume_role"`
	AssumeRoleWithWebIdentity []role `json:"assume_role_with_web_identity"`
}

// role is a block of either kind that assumes a role.
type role struct {
	RoleARN              string            `json:"role_arn"`
	Duration             string            `json:"duration"`
	ExternalID           string            `json:"external_id"`
	Policy               string            `json:"policy"`
	PolicyARNs           []string          `json:"policy_arns"`
	SessionName          string            `json:"session_name"`
	SourceIdentity       string            `json:"source_identity"`
	Tags                 map[string]string `json:"tags"`
	TransitiveTagKeys    []string          `json:"transitive_tag_keys"`
	WebIdentityToken     string            `json:"web_identity_token"`
	WebIdentityTokenFile string            `json:"web_identity_token_file"`
}

func main() {
	if err := run(context.Background()); err != nil {
		_ = json.NewEncoder(os.Stdout).Encode(map[string]string{"error": err.Error()})
	}
}

func run(ctx context.Context) error {
	var b block
	if err := json.NewDecoder(os.Stdin).Decode(&b); err != nil {
		return err
	}
	c, err := b.config()
	if err != nil {
		return err
	}
	// As hashicorp/aws does, to ask once for the account.
	c.SkipCredsValidation = true
	ctx, cfg, diags := awsbase.GetAwsConfig(ctx, c)
	if err := failure(diags); err != nil {
		return err
	}
	if cfg.Region == "" {
		return errors.New("no region")
	}
	if !b.SkipRegionValidation {
		if err := validation.SupportedRegion(cfg.Region); err != nil {
			return err
		}
	}
	c.SkipCredsValidation = b.SkipCredentialsValidation
	account, _, diags := awsbase.GetAwsAccountIDAndPartition(ctx, cfg, c)
	if err := failure(diags); err != nil {
		return err
	}
	if err := c.VerifyAccountIDAllowed(account); err != nil {
		return err
	}
	client := ses.NewFromConfig(cfg, func(o *ses.Options) {
		if b.Endpoints.SES != "" {
			o.BaseEndpoint = aws.String(b.Endpoints.SES)
		}
	})
	_, err = client.GetIdentityMailFromDomainAttributes(ctx,
		&ses.GetIdentityMailFromDomainAttributesInput{Identities: []string{"example.com"}})
	return err
}

func (b *block) config() (*awsbase.Config, error) {
	c := &awsbase.Config{
		AccessKey:               b.AccessKey,
		AllowedAccountIds:       b.AllowedAccountIDs,
		CallerName:              "peer",
		CustomCABundle:          b.CustomCABundle,
		ForbiddenAccountIds:     b.ForbiddenAccountIDs,
		HTTPProxy:               b.HTTPProxy,
		HTTPSProxy:              b.HTTPSProxy,
		HTTPProxyMode:           awsbase.HTTPProxyModeLegacy,
		IamEndpoint:             b.Endpoints.STS,
		Insecure:                b.Insecure,
		MaxRetries:              maxRetries,
		NoProxy:                 b.NoProxy,
		Profile:                 b.Profile,
		Region:                  b.Region,
		RetryMode:               aws.RetryMode(b.RetryMode),
		SecretKey:               b.SecretKey,
		SharedConfigFiles:       b.SharedConfigFiles,
		SharedCredentialsFiles:  b.SharedCredentialsFiles,
		SkipRequestingAccountId: b.SkipRequestingAccountID,
		SsoEndpoint:             b.Endpoints.SSO,
		StsEndpoint:             b.Endpoints.STS,
		StsRegion:               b.STSRegion,
		SuppressDebugLog:        true,
		Token:                   b.Token,
		UseDualStackEndpoint:    b.UseDualStackEndpoint,
		UseFIPSEndpoint:         b.UseFIPSEndpoint,
	}
	if b.MaxRetries != 0 {
		c.MaxRetries = b.MaxRetries
	}
	for _, name := range []string{"TF_AWS_STS_ENDPOINT", "AWS_STS_ENDPOINT"} {
		if c.StsEndpoint == "" && os.Getenv("AWS_ENDPOINT_URL_STS") == "" {
			c.StsEndpoint = os.Getenv(name)
		}
	}
	switch strings.ToLower(b.SkipMetadataAPICheck) {
	case "true":
		c.EC2MetadataServiceEnableState = imds.ClientDisabled
	case "false":
		c.EC2MetadataServiceEnableState = imds.ClientEnabled
	case "":
	default:
		return nil, errors.New("skip_metadata_api_check")
	}
	if b.EC2MetadataServiceEndpoint != "" {
		c.EC2MetadataServiceEndpoint = b.EC2MetadataServiceEndpoint
		c.EC2MetadataServiceEndpointMode = b.EC2MetadataServiceEndpointMode
	}
	return c, b.roles(c)
}

// roles adds the roles. A block that is alone and empty is left out, as there.
func (b *block) roles(c *awsbase.Config) error {
	for _, r := range b.AssumeRole {
		if r.RoleARN == "" && len(b.AssumeRole) == 1 {
			break
		}
		duration, err := r.duration()
		if err != nil {
			return err
		}
		c.AssumeRole = append(c.AssumeRole, awsbase.AssumeRole{
			RoleARN:           r.RoleARN,
			Duration:          duration,
			ExternalID:        r.ExternalID,
			Policy:            r.Policy,
			PolicyARNs:        r.PolicyARNs,
			SessionName:       r.SessionName,
			SourceIdentity:    r.SourceIdentity,
			Tags:              r.Tags,
			TransitiveTagKeys: r.TransitiveTagKeys,
		})
	}
	for _, r := range b.AssumeRoleWithWebIdentity {
		duration, err := r.duration()
		if err != nil {
			return err
		}
		if (r.WebIdentityToken == "") == (r.WebIdentityTokenFile == "") {
			return errors.New("exactly one of web_identity_token and web_identity_token_file")
		}
		c.AssumeRoleWithWebIdentity = &awsbase.AssumeRoleWithWebIdentity{
			RoleARN:              r.RoleARN,
			Duration:             duration,
			Policy:               r.Policy,
			PolicyARNs:           r.PolicyARNs,
			SessionName:          r.SessionName,
			WebIdentityToken:     r.WebIdentityToken,
			WebIdentityTokenFile: r.WebIdentityTokenFile,
		}
	}
	return nil
}

func (r *role) duration() (time.Duration, error) {
	if r.Duration == "" {
		return 0, nil
	}
	return time.ParseDuration(r.Duration)
}

func failure(diags diag.Diagnostics) error {
	for _, d := range diags.Errors() {
		return fmt.Errorf("%s: %s", d.Summary(), d.Detail())
	}
	return nil
}
