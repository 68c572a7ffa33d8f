//! Compiles the plugin protocol's messages.

fn main() -> std::io::Result<()> {
    tonic_build::configure()
        .build_transport(false)
        // What is not served answers UNIMPLEMENTED.
        .generate_default_stubs(true)
        .compile_protos(
            &[
                "proto/tfplugin6.proto",
                "proto/plugin.proto",
                "proto/health.proto",
            ],
            &["proto"],
        )
}
