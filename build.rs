//! Compiles the plugin protocol's messages.

fn main() -> std::io::Result<()> {
    tonic_build::configure()
        .build_transport(false)
        .compile_protos(
            &[
                "proto/tfplugin6.proto",
                "proto/plugin.proto",
                "proto/health.proto",
            ],
            &["proto"],
        )
}
